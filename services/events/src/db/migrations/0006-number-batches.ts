import { Migration } from '@mikro-orm/migrations';

/**
 * The end of a transaction that stores events, and what the service may do with the new tables.
 *
 * From the lock on, transactions commit one after another, so that their numbers are in the order of the commits; before
 * it they run side by side. Under the lock it is also sure that no other has stored one of these events with its time
 * corrected, or uncorrected, in the meantime: whoever finds that gets TM001, and stores its batch anew.
 */
export class NumberBatches extends Migration {
  override up(): void {
    this.addSql(`CREATE SEQUENCE events.batch_numbers`);
    this.addSql(`
CREATE FUNCTION events.close_batch(batch bigint, stored integer, stretches tstzmultirange, sent tstzrange) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7204051994);
  IF EXISTS (
    SELECT FROM events.corrections WHERE original_time BETWEEN lower(sent) AND upper(sent)
  ) AND EXISTS (
    SELECT
    FROM events.corrections AS correction
    JOIN events.events AS event ON event.time = correction.original_time AND event.id = correction.id
    WHERE correction.original_time BETWEEN lower(sent) AND upper(sent)
      AND event.time BETWEEN lower(sent) AND upper(sent)
  ) THEN
    RAISE EXCEPTION 'an event of the batch is stored both corrected and uncorrected' USING ERRCODE = 'TM001';
  END IF;
  INSERT INTO events.batches (number, stored_time, batch_id, event_count, times)
  VALUES (nextval('events.batch_numbers'), clock_timestamp(), batch, stored, stretches);
  PERFORM pg_notify('tidemark_events_stored', '');
END $$`);
    this.addSql(`GRANT USAGE ON SEQUENCE events.batch_numbers TO tidemark_events`);
    this.addSql(`GRANT SELECT, INSERT ON events.batches, events.corrections, events.transactions TO tidemark_events`);
    this.addSql(`GRANT SELECT, INSERT, UPDATE, DELETE ON events.ingest_warnings TO tidemark_events`);
    this.addSql(`GRANT SELECT, INSERT ON events.dropped_ranges TO tidemark_events`);
  }
}
