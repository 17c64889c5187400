import type { Micros } from './micros.ts';
import { SumOutOfRange } from './sum-out-of-range.ts';

/** What happened in a bucket. */
export interface TransactionSums {
  readonly count: number;
  readonly sumMinor: bigint;
  /** By how much the balance at its end is over the one at its start. */
  readonly changeMinor: bigint;
}

export interface TransactionBucket {
  readonly start: Micros;
  readonly count: number;
  readonly sumMinor: bigint;
  readonly openingBalanceMinor: bigint;
  readonly closingBalanceMinor: bigint;
}

const nothing: TransactionSums = { count: 0, sumMinor: 0n, changeMinor: 0n };

/**
 * The buckets with their balances: each begins with what the one before left.
 *
 * @param opening the balance at the beginning of the range
 * @param sums of the buckets that hold transactions
 * @param fill whether the others are there too
 * @throws SumOutOfRange where one does not fit into 64 bits
 */
export function transactionBuckets(
  starts: readonly Micros[],
  opening: bigint,
  sums: ReadonlyMap<Micros, TransactionSums>,
  fill: 'none' | 'zero',
): TransactionBucket[] {
  const buckets: TransactionBucket[] = [];
  let balance = opening;
  for (const start of starts) {
    const { count, sumMinor, changeMinor } = sums.get(start) ?? nothing;
    const openingBalanceMinor = balance;
    balance += changeMinor;
    if (count === 0 && fill === 'none') continue;
    buckets.push({
      start,
      count,
      sumMinor: within64Bits(sumMinor),
      openingBalanceMinor: within64Bits(openingBalanceMinor),
      closingBalanceMinor: within64Bits(balance),
    });
  }
  return buckets;
}

function within64Bits(amount: bigint): bigint {
  if (BigInt.asIntN(64, amount) === amount) return amount;
  throw new SumOutOfRange();
}
