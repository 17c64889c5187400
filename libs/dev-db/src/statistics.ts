import type { Server } from './server.ts';

/**
 * Brings the planner's statistics up to date for tables that were never looked at or have grown by a tenth, which
 * autovacuum does on a server: without it, estimates and approximate_row_count() stay at nothing.
 */
export async function analyzeGrownTables(server: Server): Promise<void> {
  const { rows } = await server.ask(GROWN_TABLES);
  for (const [table] of rows as string[][]) await server.ask(`ANALYZE ${table}`);
}

// By size, since this build counts no changed rows (pg_stat_user_tables stays empty).
const GROWN_TABLES = `
  SELECT oid::regclass
  FROM pg_class
  WHERE relkind = 'r' AND relpersistence = 'p'
    AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    AND pg_relation_size(oid) > 1.1 * relpages * current_setting('block_size')::int
  ORDER BY oid`;
