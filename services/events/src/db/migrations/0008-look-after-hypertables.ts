import { Migration } from '@mikro-orm/migrations';

/**
 * What HypertablesService does and the service's role may not: each function has its owner's rights and does one thing,
 * and the rollups belong to a role that owns nothing else, which the service takes on to refresh them. TimescaleDB
 * refreshes outside of transactions and for the owner alone, so that no function could, and wants that the owner of a job
 * may log in; no password lets anybody.
 */
export class LookAfterHypertables extends Migration {
  override up(): void {
    this.addSql(
      `DO $$ BEGIN CREATE ROLE tidemark_events_rollups LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    );
    this.addSql(
      `DO $$ BEGIN IF NOT pg_has_role('tidemark_events', 'tidemark_events_rollups', 'SET') THEN GRANT tidemark_events_rollups TO tidemark_events WITH INHERIT FALSE, SET TRUE; END IF; END $$`,
    );
    this.addSql(
      `DO $$ BEGIN IF NOT (pg_has_role(current_user, 'tidemark_events_rollups', 'SET') AND pg_has_role(current_user, 'tidemark_events_rollups', 'USAGE')) THEN GRANT tidemark_events_rollups TO current_user WITH INHERIT TRUE, SET TRUE; END IF; END $$`,
    );
    this.addSql(`GRANT USAGE ON SCHEMA events TO tidemark_events_rollups`);
    this.addSql(`GRANT SELECT ON events.events TO tidemark_events_rollups`);
    this.addSql(`
CREATE FUNCTION events.drop_previewed_chunks(starting timestamptz, ending timestamptz, previewed text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
DECLARE
  dropped text[];
BEGIN
  INSERT INTO events.dropped_ranges (hypertable, range_start, range_end, dropped_time)
  SELECT hypertable_name, range_start, range_end, now()
  FROM timescaledb_information.chunks
  WHERE hypertable_schema = 'events' AND hypertable_name = 'events'
    AND range_start >= starting AND range_end <= ending;
  SELECT array_agg(name ORDER BY name COLLATE "C") INTO dropped
  FROM public.drop_chunks('events.events', older_than => ending, newer_than => starting) AS name;
  IF dropped IS DISTINCT FROM (SELECT array_agg(name ORDER BY name COLLATE "C") FROM unnest(previewed) AS name) THEN
    RAISE EXCEPTION 'other chunks lie in the range' USING ERRCODE = 'TM002';
  END IF;
END $$`);
    this.addSql(`
CREATE FUNCTION events.run_retention_policy(job integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
BEGIN
  PERFORM FROM timescaledb_information.jobs
  WHERE job_id = job AND proc_name = 'policy_retention' AND hypertable_schema = 'events';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the job is no retention policy of the schema' USING ERRCODE = 'insufficient_privilege';
  END IF;
  CALL public.run_job(job);
END $$`);
    this.addSql(`
CREATE FUNCTION events.convert_oldest_chunk(job integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
DECLARE
  oldest text;
BEGIN
  SELECT format('%I.%I', chunk.chunk_schema, chunk.chunk_name) INTO oldest
  FROM timescaledb_information.jobs AS policy
  JOIN timescaledb_information.chunks AS chunk USING (hypertable_schema, hypertable_name)
  WHERE policy.job_id = job AND policy.proc_name = 'policy_compression' AND policy.hypertable_schema = 'events'
    AND (
      NOT chunk.is_compressed
      -- 8: rows have come to it since it was converted.
      OR _timescaledb_functions.chunk_status(
        CAST(format('%I.%I', chunk.chunk_schema, chunk.chunk_name) AS regclass)
      ) & 8 <> 0
    )
    AND chunk.range_end <= now() - CAST(policy.config ->> 'compress_after' AS interval)
  ORDER BY chunk.range_end
  LIMIT 1;
  IF oldest IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN public.compress_chunk(CAST(oldest AS regclass));
END $$`);
    for (const signature of [
      'drop_previewed_chunks(timestamptz, timestamptz, text[])',
      'run_retention_policy(integer)',
      'convert_oldest_chunk(integer)',
    ]) {
      this.addSql(`REVOKE ALL ON FUNCTION events.${signature} FROM PUBLIC`);
      this.addSql(`GRANT EXECUTE ON FUNCTION events.${signature} TO tidemark_events`);
    }
  }
}
