import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';
import type { QualifiedName } from '../state/hypertable-state.ts';
import { identifier } from '../sql/target.ts';

export interface ChunkSize {
  schema: string;
  name: string;
  /** About; undefined where the chunk holds something and has never been analyzed. */
  rows: number | undefined;
  /** Of the table, its indexes, its TOAST and its part in the columnstore. */
  bytes: number;
}

/** How big the chunks of a hypertable are. */
export async function readChunkSizes(
  connection: AbstractSqlConnection,
  functions: string,
  { schema, name }: QualifiedName,
  ctx?: Transaction,
): Promise<ChunkSize[]> {
  const statement = `
    SELECT chunk.chunk_schema AS schema, chunk.chunk_name AS name, size.total_bytes::float8 AS bytes, ${rowsOfChunk}
    FROM timescaledb_information.chunks AS chunk
    JOIN ${identifier(functions)}.chunks_detailed_size(
      CAST(format('%I.%I', CAST(? AS text), CAST(? AS text)) AS regclass)
    ) AS size ON size.chunk_schema = chunk.chunk_schema AND size.chunk_name = chunk.chunk_name`;
  const rows = await connection.execute<Row[]>(statement, [schema, name], 'all', ctx);
  return rows.map((row) => ({ ...row, rows: row.rows ?? undefined }));
}

/**
 * The column `rows` for `timescaledb_information.chunks AS chunk`. It is the planner's estimate: as many rows per page as
 * ANALYZE found, times the pages of now. TimescaleDB's approximate_row_count() says 0 where ANALYZE has not been, which
 * reads as an empty chunk. What is in the columnstore is counted when it is converted. The catalog is asked for a chunk by
 * function, because it names them by other columns since 2.29.
 */
export const rowsOfChunk = `
  (
    SELECT
      CASE
        WHEN size.bytes = 0 THEN 0
        WHEN relation.reltuples < 0 OR relation.relpages = 0 THEN NULL
        ELSE round(relation.reltuples::float8 / relation.relpages * size.bytes / current_setting('block_size')::int)
      END + coalesce((
        SELECT converted.numrows_pre_compression
        FROM _timescaledb_catalog.compression_chunk_size AS converted
        WHERE converted.chunk_id = _timescaledb_functions.chunk_id_from_relid(relation.oid)
      ), 0)
    FROM pg_class AS relation
    CROSS JOIN LATERAL (SELECT pg_relation_size(relation.oid)) AS size (bytes)
    WHERE relation.oid = to_regclass(format('%I.%I', chunk.chunk_schema, chunk.chunk_name))
  ) AS rows`;

interface Row {
  schema: string;
  name: string;
  rows: number | null;
  bytes: number;
}
