import { Migration } from '@mikro-orm/migrations';

/** The function of 0004 for every hypertable that has a retention in events.retentions. */
export class DropOldChunksOfAll extends Migration {
  override up(): void {
    this.addSql(`
CREATE OR REPLACE FUNCTION events.drop_oldest_chunk() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET lock_timeout = '1s'
AS $$
DECLARE
  oldest record;
BEGIN
  SELECT chunk.hypertable_name, chunk.range_end INTO oldest
  FROM timescaledb_information.chunks AS chunk
  JOIN events.retentions AS retention ON retention.hypertable = chunk.hypertable_name
  WHERE chunk.hypertable_schema = 'events' AND chunk.range_end <= now() - retention.drop_after
  ORDER BY chunk.range_end, chunk.hypertable_name
  LIMIT 1;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT string_agg(dropped, ', ')
    FROM public.drop_chunks(
      CAST(format('events.%I', oldest.hypertable_name) AS regclass), older_than => oldest.range_end
    ) AS dropped
  );
END $$`);
  }
}
