import { sqlStateOf } from '@tidemark/grpc-kit';
import type pg from 'pg';
import type { Chunk } from '../domain/chunk.ts';
import { PreviewOutdated } from '../domain/drop-preview.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

/**
 * Drops the chunks of events.events that lie wholly inside the range, and remembers that they are gone.
 *
 * @param chunks what was previewed: all of it is dropped or nothing
 * @throws PreviewOutdated where others lie there by now
 */
export async function dropChunks(
  pool: pg.Pool,
  signal: AbortSignal,
  range: TimeRange,
  chunks: readonly Chunk[],
): Promise<void> {
  try {
    await query(pool, signal, 'SELECT events.drop_previewed_chunks($1::timestamptz, $2::timestamptz, $3::text[])', [
      timestamptz(range.start),
      timestamptz(range.end),
      chunks.map(({ name }) => name),
    ]);
  } catch (error) {
    if (sqlStateOf(error) === othersThere) throw new PreviewOutdated('changed');
    throw error;
  }
}

// What events.drop_previewed_chunks raises.
const othersThere = 'TM002';
