import { Migration } from '@mikro-orm/migrations';

/**
 * How a person is erased: another id in the place of the user's, and nothing else, since the service's role may change no
 * row. A call covers a stretch of time, so that it is short and locks little.
 */
export class ReplaceUsers extends Migration {
  override up(): void {
    // With the values in the plan, chunks and batches that cannot have the user are left alone.
    this.addSql(`
CREATE FUNCTION events.replace_user_in_events(old_ids text[], new_id text, starting timestamptz, ending timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  old_id text;
  replaced bigint;
  total bigint := 0;
BEGIN
  -- A limit on what a statement may take out of columns; only the community edition has it, and columns.
  IF current_setting('timescaledb.max_tuples_decompressed_per_dml_transaction', true) IS NOT NULL THEN
    PERFORM set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
  END IF;
  -- One after another: batches are told by one value, and all are taken out where any of several is asked for.
  FOREACH old_id IN ARRAY old_ids LOOP
    UPDATE events.events SET user_id = new_id
    WHERE user_id = old_id AND time >= starting AND time < ending;
    GET DIAGNOSTICS replaced = ROW_COUNT;
    total := total + replaced;
  END LOOP;
  RETURN total;
END $$`);
    this.addSql(`
CREATE FUNCTION events.replace_user_in_transactions(old_id uuid, new_id uuid, starting timestamptz, ending timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  replaced bigint;
BEGIN
  IF current_setting('timescaledb.max_tuples_decompressed_per_dml_transaction', true) IS NOT NULL THEN
    PERFORM set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
  END IF;
  UPDATE events.transactions SET user_id = new_id
  WHERE user_id = old_id AND time >= starting AND time < ending;
  GET DIAGNOSTICS replaced = ROW_COUNT;
  RETURN replaced;
END $$`);
    for (const signature of [
      'replace_user_in_events(text[], text, timestamptz, timestamptz)',
      'replace_user_in_transactions(uuid, uuid, timestamptz, timestamptz)',
    ]) {
      this.addSql(`REVOKE ALL ON FUNCTION events.${signature} FROM PUBLIC`);
      this.addSql(`GRANT EXECUTE ON FUNCTION events.${signature} TO tidemark_events`);
    }
  }
}
