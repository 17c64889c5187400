import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';

export interface Chunk {
  /** For the buckets of a continuous aggregate, its view. */
  hypertable: { schema: string; name: string };
  schema: string;
  name: string;
  /** Of the first dimension, `end` exclusive; a number for an integer column. */
  start: Date | number;
  end: Date | number;
  /** In the columnstore. */
  compressed: boolean;
}

/**
 * The chunks of one hypertable, or of all, the oldest first.
 *
 * @param hypertable of an aggregate the one that holds its buckets
 */
export async function readChunks(
  connection: AbstractSqlConnection,
  hypertable?: { schema: string; name: string },
  ctx?: Transaction,
): Promise<Chunk[]> {
  const wanted = [hypertable?.schema ?? null, hypertable?.name ?? null];
  const rows = await connection.execute<Row[]>(statement, wanted, 'all', ctx);
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

// Before 2.24 the time of a uuid is there as a number of microseconds.
const statement = `
  WITH wanted (schema, name) AS (SELECT CAST(? AS text), CAST(? AS text))
  SELECT
    coalesce(aggregate.view_schema, chunk.hypertable_schema) AS hypertable_schema,
    coalesce(aggregate.view_name, chunk.hypertable_name) AS hypertable_name,
    chunk.chunk_schema AS schema,
    chunk.chunk_name AS name,
    coalesce(extract(epoch FROM chunk.range_start) * 1000, chunk.range_start_integer / 1000.0)::float8 AS start_ms,
    coalesce(extract(epoch FROM chunk.range_end) * 1000, chunk.range_end_integer / 1000.0)::float8 AS end_ms,
    CASE WHEN counts THEN chunk.range_start_integer::text END AS start_integer,
    CASE WHEN counts THEN chunk.range_end_integer::text END AS end_integer,
    chunk.is_compressed AS compressed
  FROM timescaledb_information.chunks AS chunk
  CROSS JOIN wanted
  CROSS JOIN LATERAL (SELECT chunk.primary_dimension_type <> 'uuid'::regtype) AS dimension (counts)
  LEFT JOIN timescaledb_information.continuous_aggregates AS aggregate
    ON aggregate.materialization_hypertable_schema = chunk.hypertable_schema
    AND aggregate.materialization_hypertable_name = chunk.hypertable_name
  WHERE (wanted.schema IS NULL OR chunk.hypertable_schema = wanted.schema)
    AND (wanted.name IS NULL OR chunk.hypertable_name = wanted.name)
  ORDER BY 1, 2, chunk.range_start, chunk.range_start_integer, chunk.chunk_name`;
