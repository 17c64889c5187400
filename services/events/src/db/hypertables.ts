import type pg from 'pg';
import type { Edition, Hypertable } from '../domain/hypertable.ts';
import { HypertableNotFound } from '../domain/not-found.ts';
import { columnstores } from './columnstores.ts';
import { query } from './query.ts';
import { retentionsSql } from './retentions-sql.ts';
import { rollupsSql } from './rollups-sql.ts';

interface Row {
  name: string;
  time_column: string;
  chunk_interval_us: string;
  retention: string | null;
  chunk_count: string;
  total_bytes: string | null;
  row_count: string;
  edition: Edition;
  rollups: string[];
}

/** The hypertables of the service's schema, by name. */
export async function listHypertables(pool: pg.Pool, signal: AbortSignal): Promise<Hypertable[]> {
  const rows = await query<Row>(pool, signal, statement, []);
  const inColumns = rows[0]?.edition === 'community' ? await columnstores(pool, signal) : new Map<string, never>();
  return rows.map((row) => ({
    name: row.name,
    timeColumn: row.time_column,
    chunkInterval: Number(row.chunk_interval_us),
    retention: row.retention ?? undefined,
    chunkCount: Number(row.chunk_count),
    totalBytes: Number(row.total_bytes ?? 0),
    approximateRowCount: Number(row.row_count),
    edition: row.edition,
    columnstore: inColumns.get(row.name),
    rollups: row.rollups,
  }));
}

/** @throws HypertableNotFound */
export async function checkHypertable(pool: pg.Pool, signal: AbortSignal, name: string): Promise<void> {
  const rows = await query(
    pool,
    signal,
    `SELECT FROM timescaledb_information.hypertables WHERE hypertable_schema = 'events' AND hypertable_name = $1`,
    [name],
  );
  if (rows.length === 0) throw new HypertableNotFound(name);
}

const statement = `
  SELECT
    hypertable.hypertable_name AS name,
    dimension.column_name AS time_column,
    (extract(epoch FROM dimension.time_interval) * 1000000)::bigint AS chunk_interval_us,
    retention.kept::text AS retention,
    hypertable.num_chunks AS chunk_count,
    hypertable_size(relation) AS total_bytes,
    approximate_row_count(relation) AS row_count,
    CASE current_setting('timescaledb.license') WHEN 'timescale' THEN 'community' ELSE 'apache' END AS edition,
    ARRAY(
      SELECT rollup.name FROM (${rollupsSql}) AS rollup
      WHERE rollup.root = hypertable.hypertable_name
      ORDER BY rollup.name
    )::text[] AS rollups
  FROM timescaledb_information.hypertables AS hypertable
  CROSS JOIN LATERAL CAST(
    format('%I.%I', hypertable.hypertable_schema, hypertable.hypertable_name) AS regclass
  ) AS relation
  JOIN timescaledb_information.dimensions AS dimension
    ON dimension.hypertable_schema = hypertable.hypertable_schema
    AND dimension.hypertable_name = hypertable.hypertable_name
    AND dimension.dimension_number = 1
  LEFT JOIN (${retentionsSql}) AS retention ON retention.hypertable = hypertable.hypertable_name
  WHERE hypertable.hypertable_schema = 'events'
  ORDER BY name`;
