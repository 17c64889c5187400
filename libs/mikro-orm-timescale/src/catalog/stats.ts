import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';
import { identifier } from '../sql/target.ts';
import { rowsOfChunk } from './chunk-sizes.ts';
import { everyHypertable } from './every-hypertable.ts';

/** How big a hypertable or a continuous aggregate is. */
export interface HypertableStats {
  /** Of an aggregate it is the view. */
  hypertable: { schema: string; name: string };
  kind: 'hypertable' | 'continuousAggregate';
  /** About, by the statistics of the last ANALYZE; undefined where a chunk that holds something has none. */
  rows: number | undefined;
  chunks: number;
  /** With all chunks, wherever they are. `table` is without TOAST; `total` is the sum. */
  bytes: { table: number; index: number; toast: number; total: number };
  /** Undefined where it is off, and in the Apache edition. */
  columnstore: ColumnstoreStats | undefined;
}

export interface ColumnstoreStats {
  /** How many chunks are in it. */
  chunks: number;
  /** What these chunks took when they were converted, and what they took afterwards. */
  bytesBefore: number;
  bytesAfter: number;
  /** `bytesBefore / bytesAfter`: 10 where a tenth is left. Undefined without a chunk. */
  ratio: number | undefined;
}

/**
 * By schema and name.
 *
 * @param wanted absent parts count for all
 * @param functions the schema of the extension
 */
export async function readStats(
  connection: AbstractSqlConnection,
  { functions, community }: { functions: string; community: boolean },
  wanted: { schema?: string; name?: string },
  ctx?: Transaction,
): Promise<HypertableStats[]> {
  const sql = statement(identifier(functions), community);
  const rows = await connection.execute<Row[]>(sql, [wanted.schema ?? null, wanted.name ?? null], 'all', ctx);
  return rows.map((row) => ({
    hypertable: { schema: row.schema, name: row.name },
    kind: row.aggregate ? 'continuousAggregate' : 'hypertable',
    rows: row.rows ?? undefined,
    chunks: row.chunks,
    bytes: { table: row.table_bytes, index: row.index_bytes, toast: row.toast_bytes, total: row.total_bytes },
    columnstore: row.converted === null ? undefined : columnstoreStats(row.converted, row.before, row.after),
  }));
}

function columnstoreStats(chunks: number, before: number | null, after: number | null): ColumnstoreStats {
  const [bytesBefore, bytesAfter] = [before ?? 0, after ?? 0];
  return { chunks, bytesBefore, bytesAfter, ratio: bytesAfter > 0 ? bytesBefore / bytesAfter : undefined };
}

interface Row {
  schema: string;
  name: string;
  aggregate: boolean;
  rows: number | null;
  chunks: number;
  table_bytes: number;
  index_bytes: number;
  toast_bytes: number;
  total_bytes: number;
  converted: number | null;
  before: number | null;
  after: number | null;
}

function statement(functions: string, community: boolean): string {
  // Where the columnstore is off, or empty, the function may have no row.
  const columnstore = community
    ? `${functions}.hypertable_columnstore_stats(relation)`
    : '(SELECT NULL::bigint, NULL::bigint, NULL::bigint)';
  const columns = community
    ? ''
    : ' (number_compressed_chunks, before_compression_total_bytes, after_compression_total_bytes)';
  return `
    WITH wanted (schema, name) AS (SELECT CAST(? AS text), CAST(? AS text)), ${everyHypertable}
    SELECT
      every.schema,
      every.name,
      every.aggregate,
      counted.rows,
      counted.chunks,
      size.table_bytes::float8 AS table_bytes,
      size.index_bytes::float8 AS index_bytes,
      size.toast_bytes::float8 AS toast_bytes,
      size.total_bytes::float8 AS total_bytes,
      CASE WHEN every.columnstore THEN coalesce(columnstore.number_compressed_chunks, 0)::int END AS converted,
      columnstore.before_compression_total_bytes::float8 AS before,
      columnstore.after_compression_total_bytes::float8 AS after
    FROM wanted, every
    CROSS JOIN LATERAL CAST(format('%I.%I', every.holder_schema, every.holder_name) AS regclass) AS relation
    CROSS JOIN LATERAL ${functions}.hypertable_detailed_size(relation) AS size
    CROSS JOIN LATERAL (
      SELECT
        count(*)::int AS chunks,
        CASE WHEN count(*) = count(sized.rows) THEN coalesce(sum(sized.rows), 0) END AS rows
      FROM (
        SELECT ${rowsOfChunk}
        FROM timescaledb_information.chunks AS chunk
        WHERE chunk.hypertable_schema = every.holder_schema AND chunk.hypertable_name = every.holder_name
      ) AS sized
    ) AS counted
    LEFT JOIN LATERAL ${columnstore} AS columnstore${columns} ON true
    WHERE (wanted.schema IS NULL OR every.schema = wanted.schema)
      AND (wanted.name IS NULL OR every.name = wanted.name)
    ORDER BY every.schema, every.name`;
}
