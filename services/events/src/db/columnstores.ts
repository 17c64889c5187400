import type pg from 'pg';
import type { Columnstore } from '../domain/hypertable.ts';
import { query } from './query.ts';

interface Row {
  hypertable: string;
  after: string | null;
  segment_by: string | null;
  order_by: string | null;
  chunk_count: string;
  bytes_before: string;
  bytes_after: string;
}

/** The columnstores by hypertable. Only the community edition can be asked. */
export async function columnstores(pool: pg.Pool, signal: AbortSignal): Promise<Map<string, Columnstore>> {
  const rows = await query<Row>(pool, signal, statement);
  return new Map(
    rows.map((row) => [
      row.hypertable,
      {
        after: row.after ?? undefined,
        segmentBy: columnsOf(row.segment_by),
        orderBy: columnsOf(row.order_by),
        chunkCount: Number(row.chunk_count),
        bytesBefore: Number(row.bytes_before),
        bytesAfter: Number(row.bytes_after),
      },
    ]),
  );
}

function columnsOf(list: string | null): string[] {
  return list ? list.split(',').map((column) => column.replaceAll('"', '').trim()) : [];
}

const statement = `
  SELECT
    hypertable.hypertable_name AS hypertable,
    (
      SELECT CAST(config ->> 'compress_after' AS interval)::text
      FROM timescaledb_information.jobs AS job
      WHERE job.proc_name = 'policy_compression' AND job.hypertable_schema = 'events'
        AND job.hypertable_name = hypertable.hypertable_name
    ) AS after,
    settings.segmentby AS segment_by,
    settings.orderby AS order_by,
    coalesce(stats.number_compressed_chunks, 0) AS chunk_count,
    coalesce(stats.before_compression_total_bytes, 0) AS bytes_before,
    coalesce(stats.after_compression_total_bytes, 0) AS bytes_after
  FROM timescaledb_information.hypertables AS hypertable
  CROSS JOIN LATERAL CAST(
    format('%I.%I', hypertable.hypertable_schema, hypertable.hypertable_name) AS regclass
  ) AS relation
  JOIN timescaledb_information.hypertable_columnstore_settings AS settings ON settings.hypertable = relation
  CROSS JOIN LATERAL hypertable_columnstore_stats(relation) AS stats
  WHERE hypertable.hypertable_schema = 'events' AND hypertable.compression_enabled`;
