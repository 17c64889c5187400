import type pg from 'pg';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Micros } from '../domain/micros.ts';
import { isSame, keyOf, type Transaction } from '../domain/transaction.ts';
import type { Placed } from '../domain/transaction-batch.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';
import { transactionColumns, transactionOfRow, type TransactionRow } from './transaction-row.ts';

/** What became of transactions; those in neither list are there already. */
export interface Recorded {
  readonly stored: number;
  /** Whose key another transaction has. */
  readonly conflicts: readonly Placed[];
}

/**
 * Stores the transactions that are not there yet, all of them or none.
 *
 * @param placed in the order of their key, each key once
 */
export async function recordTransactions(
  pool: pg.Pool,
  signal: AbortSignal,
  placed: readonly Placed[],
  receivedTime: Micros,
): Promise<Recorded> {
  const stored = await insertMissing(
    pool,
    signal,
    placed.map(({ transaction }) => transaction),
    receivedTime,
  );
  const left = placed.filter(({ transaction }) => !stored.has(keyOf(transaction)));
  return { stored: stored.size, conflicts: await conflictsAmong(pool, signal, left) };
}

/** The keys of those that were not there. */
async function insertMissing(
  pool: pg.Pool,
  signal: AbortSignal,
  transactions: readonly Transaction[],
  receivedTime: Micros,
): Promise<Set<string>> {
  if (transactions.length === 0) return new Set();
  const parameters = [...columnsOf(transactions), timestamptz(receivedTime)];
  const rows = await triedAgain(() => query<{ id: string; time_us: string }>(pool, signal, insert, parameters));
  return new Set(rows.map((row) => `${row.time_us} ${row.id}`));
}

const insert = `
  INSERT INTO events.transactions (
    time, id, account_id, user_id, sequence, amount_minor, currency, kind, description, balance_after_minor,
    received_time
  )
  SELECT *, $11::timestamptz
  FROM unnest(
    $1::timestamptz[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
    $9::text[], $10::bigint[]
  ) AS transaction (
    time, id, account_id, user_id, sequence, amount_minor, currency, kind, description, balance_after_minor
  )
  ORDER BY time, id
  ON CONFLICT (time, id) DO NOTHING
  RETURNING id, (extract(epoch FROM time) * 1000000)::bigint AS time_us`;

function columnsOf(transactions: readonly Transaction[]): unknown[] {
  return [
    transactions.map(({ time }) => timestamptz(time)),
    transactions.map(({ id }) => id),
    transactions.map(({ accountId }) => accountId),
    transactions.map(({ userId }) => userId),
    transactions.map(({ sequence }) => String(sequence)),
    transactions.map(({ amountMinor }) => String(amountMinor)),
    transactions.map(({ currency }) => currency),
    transactions.map(({ kind }) => kind),
    transactions.map(({ description }) => description),
    transactions.map(({ balanceAfterMinor }) => String(balanceAfterMinor)),
  ];
}

/** A statement of its own, so that it sees what others have stored while the one before waited for them. */
async function conflictsAmong(pool: pg.Pool, signal: AbortSignal, placed: readonly Placed[]): Promise<Placed[]> {
  const [first, last] = [placed[0], placed.at(-1)];
  if (!first || !last) return [];
  const rows = await query<TransactionRow>(pool, signal, lookUp, [
    placed.map(({ transaction }) => timestamptz(transaction.time)),
    placed.map(({ transaction }) => transaction.id),
    timestamptz(first.transaction.time),
    timestamptz(last.transaction.time),
  ]);
  const there = new Map(rows.map(transactionOfRow).map((transaction) => [keyOf(transaction), transaction]));
  return placed.filter(({ transaction }) => {
    const other = there.get(keyOf(transaction));
    return other && !isSame(other, transaction);
  });
}

// The bounds say nothing new, but let TimescaleDB leave out chunks, which a join does not.
const lookUp = `
  SELECT ${transactionColumns}
  FROM events.transactions
  JOIN unnest($1::timestamptz[], $2::uuid[]) AS key (key_time, key_id) ON time = key_time AND id = key_id
  WHERE time BETWEEN $3::timestamptz AND $4::timestamptz`;
