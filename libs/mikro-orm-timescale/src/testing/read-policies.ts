import type { RanPolicy, Rows } from './run-policies.ts';

export interface Policy extends RanPolicy {
  procedureSchema: string;
  config: Readonly<Record<string, unknown>>;
  scheduled: boolean;
  /** The order among policies; undefined for a job that is none. */
  rank: number | undefined;
  /** By when they were made; a continuous aggregate by its materialization. */
  hypertableId: number;
  /** Of the time column, by PostgreSQL's name; of an aggregate that of the hypertable at its bottom. */
  columnType: string;
  /** The function for a column of integers. */
  integerNow: { schema: string; name: string } | undefined;
  /** The schema of the extension. */
  functions: string;
}

/** All jobs; none where there is no TimescaleDB. */
export async function readPolicies(rows: Rows): Promise<Policy[]> {
  const [view] = await rows<{ there: boolean }>(
    `SELECT to_regclass('timescaledb_information.jobs') IS NOT NULL AS there`,
  );
  if (!view?.there) return [];
  const found = await rows<Row>(statement);
  return found.map((row) => ({
    id: row.id,
    procedureSchema: row.procedure_schema,
    procedure: row.procedure,
    config: row.config ?? {},
    scheduled: row.scheduled,
    rank: rankOf(row),
    hypertable: row.schema === null || row.name === null ? undefined : { schema: row.schema, name: row.name },
    hypertableId: row.hypertable_id ?? 0,
    columnType: row.column_type ?? '',
    integerNow: row.now_schema && row.now_name ? { schema: row.now_schema, name: row.now_name } : undefined,
    functions: row.functions,
  }));
}

interface Row {
  id: number;
  procedure_schema: string;
  procedure: string;
  config: Record<string, unknown> | null;
  scheduled: boolean;
  schema: string | null;
  name: string | null;
  hypertable_id: number | null;
  column_type: string | null;
  now_schema: string | null;
  now_name: string | null;
  functions: string;
}

function rankOf(row: Row): number | undefined {
  if (row.hypertable_id === null || !/^_timescaledb_(functions|internal)$/.test(row.procedure_schema)) return undefined;
  if (!row.procedure.startsWith('policy_')) return undefined;
  const rank = order.indexOf(row.procedure);
  return rank < 0 ? order.indexOf('policy_compression') : rank;
}

// Of those with other names, which newer versions have, all concern the columnstore.
const order = [
  'policy_process_hypertable_invalidations',
  'policy_refresh_continuous_aggregate',
  'policy_reorder',
  'policy_compression',
  'policy_retention',
];

// An aggregate's own dimension knows of no integer-now function: it is the one of the hypertable at the bottom.
const statement = `
  WITH RECURSIVE source (of, id, depth) AS (
    SELECT id, id, 0 FROM _timescaledb_catalog.hypertable
    UNION ALL
    SELECT source.of, aggregate.raw_hypertable_id, source.depth + 1
    FROM source
    JOIN _timescaledb_catalog.continuous_agg AS aggregate ON aggregate.mat_hypertable_id = source.id
  ), bottom AS (
    SELECT DISTINCT ON (source.of)
      source.of,
      dimension.column_type::text AS column_type,
      dimension.integer_now_func_schema AS now_schema,
      dimension.integer_now_func AS now_name
    FROM source
    JOIN _timescaledb_catalog.dimension AS dimension ON dimension.hypertable_id = source.id
    ORDER BY source.of, source.depth DESC, dimension.id
  )
  SELECT
    job.job_id AS id,
    job.proc_schema AS procedure_schema,
    job.proc_name AS procedure,
    job.config,
    job.scheduled,
    job.hypertable_schema AS schema,
    job.hypertable_name AS name,
    bottom.of AS hypertable_id,
    bottom.column_type,
    bottom.now_schema,
    bottom.now_name,
    namespace.nspname AS functions
  FROM timescaledb_information.jobs AS job
  JOIN pg_extension AS extension ON extension.extname = 'timescaledb'
  JOIN pg_namespace AS namespace ON namespace.oid = extension.extnamespace
  LEFT JOIN bottom
    ON job.hypertable_name IS NOT NULL
    AND bottom.of = COALESCE(job.config ->> 'hypertable_id', job.config ->> 'mat_hypertable_id')::int
  ORDER BY job.job_id`;
