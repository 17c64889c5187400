import type { Micros } from './micros.ts';

/** A change of an account's balance. Amounts are in the currency's minor unit, and 64 bits wide. */
export interface Transaction {
  readonly id: string;
  readonly time: Micros;
  readonly accountId: string;
  readonly userId: string;
  /** Its place among the transactions of its account, from 1. */
  readonly sequence: bigint;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly kind: string;
  readonly description: string | null;
  readonly balanceAfterMinor: bigint;
}

export interface StoredTransaction extends Transaction {
  readonly receivedTime: Micros;
}

/** A transaction as a client sent it. Time is undefined where it is absent, and null where it is malformed. */
export interface TransactionDraft extends Omit<Transaction, 'time' | 'description'> {
  readonly time: Micros | undefined | null;
  readonly description: string;
}

/**
 * Whether two transactions of one key say the same. Whose account it is never changes; but where a person is erased, an id
 * that stands for nobody takes the place of the user's, here or with who sends.
 */
export function isSame(a: Transaction, b: Transaction): boolean {
  return (
    a.accountId === b.accountId &&
    a.sequence === b.sequence &&
    a.amountMinor === b.amountMinor &&
    a.currency === b.currency &&
    a.kind === b.kind &&
    a.description === b.description &&
    a.balanceAfterMinor === b.balanceAfterMinor
  );
}

/** What tells a repeated transaction from a new one. */
export function keyOf({ time, id }: Transaction): string {
  return `${time} ${id}`;
}
