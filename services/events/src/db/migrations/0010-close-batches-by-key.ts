import { Migration } from '@mikro-orm/migrations';

/**
 * The end of a transaction that stores events, which looks no further than its own events. Transactions wait for each
 * other here, so it is short whatever the batch: of many corrections near it, only a batch that names its events has
 * them looked up, each by its key.
 *
 * The function of the same name with four arguments stays for instances that were started before this migration.
 */
export class CloseBatchesByKey extends Migration {
  override up(): void {
    this.addSql(correctedAndUncorrected);
    this.addSql(mayBeCorrectedAndUncorrected);
    this.addSql(closeBatch);
  }
}

// Whether one of these events is stored both with its time corrected and with the time that its client gave. Their
// number is known when it is planned, and it is far less than there may be corrections.
const correctedAndUncorrected = `
CREATE FUNCTION events.corrected_and_uncorrected(given_times timestamptz[], given_ids uuid[]) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
  first_time timestamptz := (SELECT min(given) FROM unnest(given_times) AS given);
  last_time timestamptz := (SELECT max(given) FROM unnest(given_times) AS given);
BEGIN
  RETURN EXISTS (
    SELECT
    FROM unnest(given_times, given_ids) AS given (time, id)
    JOIN events.corrections AS correction ON correction.original_time = given.time AND correction.id = given.id
    JOIN events.events AS event ON event.time = given.time AND event.id = given.id
    WHERE event.original_time IS NULL
      AND correction.original_time BETWEEN first_time AND last_time
      AND event.time BETWEEN first_time AND last_time
  );
END $$`;

// The same of all events in these stretches of time; true as well where that is too much to look through.
const mayBeCorrectedAndUncorrected = `
CREATE FUNCTION events.may_be_corrected_and_uncorrected(stretches tstzmultirange) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  most CONSTANT integer := 500;
  looked_up integer := 0;
  stretch tstzrange;
  corrected integer;
  uncorrected integer;
BEGIN
  IF NOT EXISTS (
    SELECT FROM events.corrections WHERE original_time BETWEEN lower(stretches) AND upper(stretches)
  ) THEN
    RETURN false;
  END IF;
  FOR stretch IN SELECT unnest(stretches) LOOP
    SELECT count(*), count(event.id) INTO corrected, uncorrected
    FROM (
      SELECT original_time, id
      FROM events.corrections
      WHERE original_time BETWEEN lower(stretch) AND upper(stretch)
      LIMIT most
    ) AS correction
    LEFT JOIN events.events AS event
      ON event.time = correction.original_time AND event.id = correction.id AND event.original_time IS NULL
        AND event.time BETWEEN lower(stretch) AND upper(stretch);
    looked_up := looked_up + corrected;
    IF uncorrected > 0 OR looked_up >= most THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$`;

const closeBatch = `
CREATE FUNCTION events.close_batch(
  batch bigint, stored integer, stretches tstzmultirange, given_times timestamptz[], given_ids uuid[]
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7204051994);
  IF (
    CASE
      WHEN given_ids IS NULL THEN events.may_be_corrected_and_uncorrected(stretches)
      ELSE events.corrected_and_uncorrected(given_times, given_ids)
    END
  ) THEN
    RAISE EXCEPTION 'an event of the batch is, or may be, stored both corrected and uncorrected'
      USING ERRCODE = 'TM001';
  END IF;
  INSERT INTO events.batches (number, stored_time, batch_id, event_count, times)
  VALUES (nextval('events.batch_numbers'), clock_timestamp(), batch, stored, stretches);
  PERFORM pg_notify('tidemark_events_stored', '');
END $$`;
