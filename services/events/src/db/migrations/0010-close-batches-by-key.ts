import { Migration } from '@mikro-orm/migrations';

/**
 * The end of a transaction that stores events, which looks no further than around its own events. Transactions wait for
 * each other here, so the search is short: a batch that went in with COPY, of which only the times are known, is given up
 * where too many corrections lie around these. One that names its events has each looked up by its key.
 *
 * The function of the same name with four arguments stays for instances that were started before this migration.
 */
export class CloseBatchesByKey extends Migration {
  override up(): void {
    this.addSql(correctionsWithin);
    this.addSql(correctionsOf);
    this.addSql(areStoredUncorrected);
    this.addSql(closeBatch);
  }
}

// The keys of a function's arguments, by stretches of time.
const keysOfEach = (
  width: string,
): string => `SELECT array_agg(time) AS times, array_agg(id) AS ids, min(time) AS first_time, max(time) AS last_time
    FROM unnest(given_times, given_ids) AS given (time, id)
    GROUP BY date_bin('${width}', time, 'epoch')`;

// At most 2,000.
const correctionsWithin = `
CREATE FUNCTION events.corrections_within(stretches tstzmultirange) RETURNS TABLE (given_time timestamptz, given_id uuid)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM events.corrections WHERE original_time BETWEEN lower(stretches) AND upper(stretches)) THEN
    RETURN QUERY
    SELECT correction.original_time, correction.id
    FROM unnest(stretches) AS stretch
    CROSS JOIN LATERAL (
      SELECT original_time, id
      FROM events.corrections
      WHERE original_time BETWEEN lower(stretch) AND upper(stretch)
      LIMIT 2000
    ) AS correction
    LIMIT 2000;
  END IF;
END $$`;

// A chunk of corrections at a time, since each key is looked for in all chunks of a statement; and by the index, since
// there may be far more corrections than keys.
const correctionsOf = `
CREATE FUNCTION events.corrections_of(given_times timestamptz[], given_ids uuid[])
RETURNS TABLE (given_time timestamptz, given_id uuid)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
  week record;
BEGIN
  FOR week IN
    ${keysOfEach('7 days')}
  LOOP
    RETURN QUERY
    SELECT correction.original_time, correction.id
    FROM unnest(week.times, week.ids) AS given (time, id)
    JOIN events.corrections AS correction ON correction.original_time = given.time AND correction.id = given.id
    WHERE correction.original_time BETWEEN week.first_time AND week.last_time;
  END LOOP;
END $$`;

// A few minutes at a time: in the columnstore there is no index on a key, and batches of rows are left out by their times.
const areStoredUncorrected = `
CREATE FUNCTION events.are_stored_uncorrected(given_times timestamptz[], given_ids uuid[]) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  stretch record;
BEGIN
  FOR stretch IN
    ${keysOfEach('5 minutes')}
  LOOP
    IF EXISTS (
      SELECT
      FROM unnest(stretch.times, stretch.ids) AS given (time, id)
      JOIN events.events AS event ON event.time = given.time AND event.id = given.id
      WHERE event.time BETWEEN stretch.first_time AND stretch.last_time AND event.original_time IS NULL
    ) THEN
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
DECLARE
  corrected_times timestamptz[];
  corrected_ids uuid[];
BEGIN
  PERFORM pg_advisory_xact_lock(7204051994);
  IF given_ids IS NULL THEN
    SELECT array_agg(given_time), array_agg(given_id) INTO corrected_times, corrected_ids
    FROM events.corrections_within(stretches);
    IF cardinality(corrected_ids) >= 2000
      OR (SELECT count(DISTINCT date_bin('5 minutes', time, 'epoch')) FROM unnest(corrected_times) AS time) > 50
    THEN
      RAISE EXCEPTION 'too many corrections lie around the events of the batch' USING ERRCODE = 'TM001';
    END IF;
  ELSE
    SELECT array_agg(given_time), array_agg(given_id) INTO corrected_times, corrected_ids
    FROM events.corrections_of(given_times, given_ids);
  END IF;
  IF corrected_ids IS NOT NULL AND events.are_stored_uncorrected(corrected_times, corrected_ids) THEN
    RAISE EXCEPTION 'an event of the batch is stored both corrected and uncorrected' USING ERRCODE = 'TM001';
  END IF;
  INSERT INTO events.batches (number, stored_time, batch_id, event_count, times)
  VALUES (nextval('events.batch_numbers'), clock_timestamp(), batch, stored, stretches);
  PERFORM pg_notify('tidemark_events_stored', '');
END $$`;
