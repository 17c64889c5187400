import { Migration } from '@mikro-orm/migrations';

/**
 * Lets the service drop what the retention in events.retentions says, and nothing else: the function has its owner's
 * rights, reads the retention itself and takes no argument.
 *
 * It drops what TimescaleDB's own policy would, the chunks that end at or before now minus the retention, but one a
 * call. So each has a transaction of its own, and a statement that reads the chunk makes it wait no longer than others
 * can bear that wait behind it.
 */
export class DropOldChunks extends Migration {
  override up(): void {
    this.addSql(`
CREATE FUNCTION events.drop_oldest_chunk() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET lock_timeout = '1s'
AS $$
DECLARE
  kept CONSTANT interval := (SELECT drop_after FROM events.retentions WHERE hypertable = 'events');
  ending CONSTANT timestamptz := (
    SELECT min(range_end)
    FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'events' AND hypertable_name = 'events' AND range_end <= now() - kept
  );
BEGIN
  IF ending IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT string_agg(dropped, ', ') FROM public.drop_chunks('events.events', older_than => ending) AS dropped);
END $$`);
    this.addSql(`REVOKE ALL ON FUNCTION events.drop_oldest_chunk() FROM PUBLIC`);
    this.addSql(`GRANT EXECUTE ON FUNCTION events.drop_oldest_chunk() TO tidemark_events`);
    this.addSql(`GRANT SELECT ON events.retentions TO tidemark_events`);
  }
}
