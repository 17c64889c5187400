import type pg from 'pg';
import { bucketBoundaries, lookBack } from '../domain/bucket-boundaries.ts';
import { maxBuckets, tooManyBuckets } from '../domain/bucket-query.ts';
import type { Micros } from '../domain/micros.ts';
import type { TransactionBucketQuery } from '../domain/transaction-bucket-query.ts';
import type { TransactionSums } from '../domain/transaction-buckets.ts';
import { Parameters } from './filter-sql.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';
import { zoneOffsets } from './zone-offsets.ts';

export interface TransactionBucketResult {
  /** Where each bucket of the range begins, those without transactions too. */
  readonly starts: readonly Micros[];
  /** The balance at the beginning of the range. */
  readonly opening: bigint;
  /** By start, where there are transactions. */
  readonly sums: ReadonlyMap<Micros, TransactionSums>;
}

/** The sums of a bucket; the row of bucket 0 has the balance at the beginning of the range as its change. */
interface Row {
  bucket: number;
  count: string;
  sum: string;
  change: string;
}

export async function queryTransactionBuckets(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: TransactionBucketQuery,
): Promise<TransactionBucketResult> {
  const { range, width, timeZone } = asked;
  const offsets = await zoneOffsets(pool, signal, timeZone, { start: lookBack(range, width), end: range.end });
  const starts = bucketBoundaries(range, width, offsets);
  if (starts.length > maxBuckets) throw tooManyBuckets(asked, 1);

  const parameters = new Parameters();
  const rows = await query<Row>(pool, signal, statementOf(asked, starts, parameters), parameters.values);
  const sums = new Map<Micros, TransactionSums>();
  let opening = 0n;
  for (const { bucket, count, sum, change } of rows) {
    const start = starts[bucket - 1];
    if (start === undefined) opening = BigInt(change);
    else sums.set(start, { count: Number(count), sumMinor: BigInt(sum), changeMinor: BigInt(change) });
  }
  return { starts, opening, sums };
}

// Balances are read where they stand, in the last transaction before an instant, and only their changes are added up over
// accounts. As numeric: a sum of 64-bit numbers need not be one.
function statementOf(asked: TransactionBucketQuery, starts: readonly Micros[], parameters: Parameters): string {
  const { of, range } = asked;
  const whose =
    'accountId' in of
      ? `account_id = ${parameters.add(of.accountId)}::uuid`
      : `user_id = ${parameters.add(of.userId)}::uuid AND currency = ${parameters.add(of.currency)}`;
  const start = `${parameters.add(timestamptz(range.start))}::timestamptz`;
  const end = `${parameters.add(timestamptz(range.end))}::timestamptz`;
  const boundaries = `${parameters.add(starts.map(timestamptz))}::timestamptz[]`;
  return `
    WITH before_range AS (
      SELECT account_id, balance_after_minor::numeric AS balance
      FROM (${lastBefore(of, whose, start)}) AS latest
    ), in_bucket AS (
      SELECT
        account_id,
        width_bucket(time, ${boundaries}) AS bucket,
        count(*) AS count,
        sum(amount_minor) AS sum,
        (array_agg(balance_after_minor::numeric - amount_minor ORDER BY time, sequence, id))[1] AS found,
        (array_agg(balance_after_minor::numeric ORDER BY time DESC, sequence DESC, id DESC))[1] AS closing
      FROM events.transactions
      WHERE ${whose} AND time >= ${start} AND time < ${end}
      GROUP BY account_id, bucket
    ), with_opening AS (
      SELECT
        in_bucket.*,
        lag(closing) OVER by_bucket AS closing_before,
        coalesce(before_range.balance, first_value(found) OVER by_bucket) AS balance
      FROM in_bucket
      LEFT JOIN before_range USING (account_id)
      WINDOW by_bucket AS (PARTITION BY account_id ORDER BY bucket)
    )
    SELECT bucket, sum(count)::bigint AS count, sum(sum) AS sum, sum(closing - coalesce(closing_before, balance)) AS change
    FROM with_opening
    GROUP BY bucket
    UNION ALL
    SELECT 0, 0, 0, coalesce(sum(balance), 0)
    FROM (
      SELECT account_id, balance FROM before_range
      UNION
      SELECT account_id, balance FROM with_opening
    ) AS account`;
}

/** The last transaction of each account before the range: of one account it is the first of an index. */
function lastBefore(of: TransactionBucketQuery['of'], whose: string, start: string): string {
  const select = `FROM events.transactions WHERE ${whose} AND time < ${start}`;
  if ('accountId' in of) {
    return `SELECT account_id, balance_after_minor ${select} ORDER BY time DESC, sequence DESC, id DESC LIMIT 1`;
  }
  return `
    SELECT DISTINCT ON (account_id) account_id, balance_after_minor
    ${select}
    ORDER BY account_id, time DESC, sequence DESC, id DESC`;
}
