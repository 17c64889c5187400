import type { AbstractSqlConnection } from '@mikro-orm/postgresql';

export interface Chunk {
  hypertable: { schema: string; name: string };
  schema: string;
  name: string;
  /** Of the first dimension, `end` exclusive; a number for an integer column. */
  start: Date | number;
  end: Date | number;
  /** In the columnstore. */
  compressed: boolean;
}

/** The chunks of one hypertable, or of all, the oldest first. */
export async function readChunks(
  connection: AbstractSqlConnection,
  hypertable?: { schema: string; name: string },
): Promise<Chunk[]> {
  const rows = await connection.execute<Row[]>(statement, [hypertable?.schema ?? null, hypertable?.name ?? null]);
  return rows.map((row) => ({
    hypertable: { schema: row.hypertable_schema, name: row.hypertable_name },
    schema: row.schema,
    name: row.name,
    start: row.start_integer === null ? new Date(row.start_ms) : Number(row.start_integer),
    end: row.end_integer === null ? new Date(row.end_ms) : Number(row.end_integer),
    compressed: row.compressed,
  }));
}

interface Row {
  hypertable_schema: string;
  hypertable_name: string;
  schema: string;
  name: string;
  start_ms: number;
  end_ms: number;
  start_integer: string | null;
  end_integer: string | null;
  compressed: boolean;
}

const statement = `
  WITH wanted (schema, name) AS (SELECT CAST(? AS text), CAST(? AS text))
  SELECT
    chunk.hypertable_schema,
    chunk.hypertable_name,
    chunk.chunk_schema AS schema,
    chunk.chunk_name AS name,
    extract(epoch FROM chunk.range_start)::float8 * 1000 AS start_ms,
    extract(epoch FROM chunk.range_end)::float8 * 1000 AS end_ms,
    chunk.range_start_integer::text AS start_integer,
    chunk.range_end_integer::text AS end_integer,
    chunk.is_compressed AS compressed
  FROM timescaledb_information.chunks AS chunk, wanted
  WHERE (wanted.schema IS NULL OR chunk.hypertable_schema = wanted.schema)
    AND (wanted.name IS NULL OR chunk.hypertable_name = wanted.name)
  ORDER BY chunk.hypertable_schema, chunk.hypertable_name, chunk.range_start, chunk.range_start_integer, chunk.chunk_name`;
