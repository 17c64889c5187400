import type pg from 'pg';
import type { Chunk } from '../domain/chunk.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

/** A question for a page of chunks, by time. */
export interface ChunkList {
  readonly hypertable: string;
  /** Undefined: all. */
  readonly range: TimeRange | undefined;
  readonly pageSize: number;
  /** The name of the last chunk of the page before. */
  readonly after: string | undefined;
}

interface Row {
  name: string;
  start_us: string;
  end_us: string;
  total_bytes: string;
  row_count: string;
  columnstore: boolean;
}

/** A page of the chunks that hold a part of the range, and whether there are more after it. */
export async function listChunks(
  pool: pg.Pool,
  signal: AbortSignal,
  { hypertable, range, pageSize, after }: ChunkList,
): Promise<{ chunks: Chunk[]; more: boolean }> {
  const rows = await query<Row>(
    pool,
    signal,
    `${chunksSql(`
      ($2::timestamptz IS NULL OR range_end > $2::timestamptz AND range_start < $3::timestamptz)
      AND (
        $4::text IS NULL
        OR (range_start, name) > (
          SELECT to_timestamp(0) + $4::bigint * interval '1 microsecond', $5::text
        )
      )`)}
     LIMIT $6`,
    [
      hypertable,
      range ? timestamptz(range.start) : null,
      range ? timestamptz(range.end) : null,
      after === undefined ? null : after.slice(0, after.indexOf(' ')),
      after === undefined ? null : after.slice(after.indexOf(' ') + 1),
      pageSize + 1,
    ],
  );
  return { chunks: rows.slice(0, pageSize).map(chunkOfRow), more: rows.length > pageSize };
}

/** Where a page ends, for `after` of the next one. */
export function placeOf({ range, name }: Chunk): string {
  return `${range.start} ${name}`;
}

/** The chunks that lie wholly inside the range, the oldest first. */
export async function chunksWithin(
  pool: pg.Pool,
  signal: AbortSignal,
  hypertable: string,
  range: TimeRange,
): Promise<Chunk[]> {
  const statement = chunksSql('range_start >= $2::timestamptz AND range_end <= $3::timestamptz');
  const rows = await query<Row>(pool, signal, statement, [
    hypertable,
    timestamptz(range.start),
    timestamptz(range.end),
  ]);
  return rows.map(chunkOfRow);
}

/** How many events there are from the beginning of the first chunk to the end of the last: chunks do not overlap. */
export async function countEvents(pool: pg.Pool, signal: AbortSignal, chunks: readonly Chunk[]): Promise<bigint> {
  const [first, last] = [chunks[0], chunks.at(-1)];
  if (!first || !last) return 0n;
  const [row] = await query<{ count: string }>(
    pool,
    signal,
    'SELECT count(*) AS count FROM events.events WHERE time >= $1::timestamptz AND time < $2::timestamptz',
    [timestamptz(first.range.start), timestamptz(last.range.end)],
  );
  return BigInt(row?.count ?? 0);
}

function chunkOfRow(row: Row): Chunk {
  return {
    name: row.name,
    range: { start: Number(row.start_us), end: Number(row.end_us) },
    totalBytes: Number(row.total_bytes),
    approximateRowCount: Number(row.row_count),
    columnstore: row.columnstore,
  };
}

function chunksSql(condition: string): string {
  return `
    SELECT
      name,
      (extract(epoch FROM range_start) * 1000000)::bigint AS start_us,
      (extract(epoch FROM range_end) * 1000000)::bigint AS end_us,
      total_bytes,
      approximate_row_count(CAST(name AS regclass)) AS row_count,
      is_compressed AS columnstore
    FROM (
      SELECT
        format('%I.%I', chunk.chunk_schema, chunk.chunk_name) AS name,
        chunk.range_start, chunk.range_end, chunk.is_compressed,
        coalesce(size.total_bytes, 0) AS total_bytes
      FROM timescaledb_information.chunks AS chunk
      LEFT JOIN chunks_detailed_size(CAST(format('events.%I', $1::text) AS regclass)) AS size
        USING (chunk_schema, chunk_name)
      WHERE chunk.hypertable_schema = 'events' AND chunk.hypertable_name = $1
    ) AS chunk
    WHERE ${condition}
    ORDER BY range_start, name`;
}
