import type { Micros } from './micros.ts';
import type { TimeRange } from './time-range.ts';
import type { TransactionOwner } from './transaction-owner.ts';

/** A question for a page of transactions, by time, then sequence, then id. */
export interface TransactionList {
  readonly of: TransactionOwner;
  readonly range: TimeRange;
  readonly descending: boolean;
  readonly pageSize: number;
  /** The place of the last transaction of the page before. */
  readonly after: TransactionPlace | undefined;
}

export interface TransactionPlace {
  readonly time: Micros;
  readonly sequence: bigint;
  readonly id: string;
}
