import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';

/** `schema.view` of the extension's own views and of continuous aggregates, which look like views. */
export async function viewsMadeByTimescale(connection: AbstractSqlConnection, ctx?: Transaction): Promise<Set<string>> {
  const [found] = await connection.execute<{ catalog: boolean }[]>(
    `SELECT to_regclass('_timescaledb_catalog.continuous_agg') IS NOT NULL AS catalog`,
    [],
    'all',
    ctx,
  );
  if (!found?.catalog) return new Set();
  const rows = await connection.execute<{ view: string }[]>(statement, [], 'all', ctx);
  return new Set(rows.map(({ view }) => view));
}

const statement = `
  SELECT namespace.nspname || '.' || relation.relname AS view
  FROM pg_extension AS extension
  JOIN pg_depend AS dependency ON dependency.refobjid = extension.oid AND dependency.deptype = 'e'
  JOIN pg_class AS relation ON relation.oid = dependency.objid AND relation.relkind = 'v'
  JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
  WHERE extension.extname LIKE 'timescaledb%'
  UNION ALL
  SELECT user_view_schema || '.' || user_view_name FROM _timescaledb_catalog.continuous_agg`;

/** The triggers that TimescaleDB puts on a hypertable. */
export const triggersMadeByTimescale: ReadonlySet<string> = new Set([
  'ts_insert_blocker',
  'ts_cagg_invalidation_trigger',
]);
