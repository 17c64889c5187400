import type pg from 'pg';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { UserReplacement } from '../domain/user-replacement.ts';
import { query } from './query.ts';

export interface Replaced {
  readonly events: bigint;
  readonly transactions: bigint;
}

/** Replaces the id chunk by chunk, each in a transaction of its own: what is done stays done. */
export async function replaceUser(
  pool: pg.Pool,
  signal: AbortSignal,
  { userId, replacement }: UserReplacement,
): Promise<Replaced> {
  const ids = [userId, userId.toUpperCase()];
  return {
    events: await replaceIn(pool, signal, 'events', [ids, replacement]),
    transactions: await replaceIn(pool, signal, 'transactions', [userId, replacement]),
  };
}

const statements = {
  events: `SELECT events.replace_user_in_events($1::text[], $2, $3::timestamptz, $4::timestamptz) AS replaced`,
  transactions: `SELECT events.replace_user_in_transactions($1::uuid, $2::uuid, $3::timestamptz, $4::timestamptz) AS replaced`,
} as const;

async function replaceIn(
  pool: pg.Pool,
  signal: AbortSignal,
  hypertable: keyof typeof statements,
  ids: readonly unknown[],
): Promise<bigint> {
  let replaced = 0n;
  for (const { range_start: start, range_end: end } of await chunksOf(pool, signal, hypertable)) {
    const values = [...ids, start, end];
    const [row] = await triedAgain(() => query<{ replaced: string }>(pool, signal, statements[hypertable], values));
    replaced += BigInt(row?.replaced ?? 0);
  }
  return replaced;
}

interface ChunkRow {
  range_start: string;
  range_end: string;
}

/** The oldest first: what comes meanwhile is mostly in the last. */
function chunksOf(pool: pg.Pool, signal: AbortSignal, hypertable: string): Promise<ChunkRow[]> {
  const statement = `
    SELECT range_start::text, range_end::text
    FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'events' AND hypertable_name = $1
    ORDER BY range_start`;
  return query<ChunkRow>(pool, signal, statement, [hypertable]);
}
