import type { Micros } from './clock.ts';

/** Money of a user. Amounts are in the currency's minor unit, and 64 bits wide. */
export interface Account {
  readonly id: string;
  readonly userId: string;
  readonly currency: string;
  readonly balanceMinor: bigint;
  readonly limitMinor: bigint;
  /** How many transactions it has had. */
  readonly sequence: bigint;
  readonly state: AccountState;
  /** Counts the changes, from 1. */
  readonly revision: bigint;
  readonly createTime: Micros;
  readonly updateTime: Micros;
  readonly closeTime: Micros | null;
}

export type AccountState = 'OPEN' | 'CLOSED';

/** A change of the balance of an account. */
export interface Transaction {
  readonly id: string;
  readonly time: Micros;
  readonly accountId: string;
  readonly userId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly kind: string;
  readonly description: string;
  readonly balanceAfterMinor: bigint;
  readonly sequence: bigint;
}
