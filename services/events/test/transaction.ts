import { Transaction, type RecordTransactionsResponse } from '@tidemark/contracts/events';
import { timestamp, uuid, type Harness } from './harness.ts';

let serial = 0;

/** A transaction with an id of its own, the first of account 1 of user 1, unless told otherwise. */
export function transaction({
  at = '2026-11-01T10:00:00Z',
  account = 1,
  user = 1,
  ...fields
}: { at?: string; account?: number; user?: number } & Parameters<typeof Transaction.fromPartial>[0] = {}): Transaction {
  serial += 1;
  return Transaction.fromPartial({
    id: uuid(serial),
    time: timestamp(at),
    accountId: accountId(account),
    userId: userId(user),
    currency: 'EUR',
    kind: 'deposit',
    amountMinor: 100n,
    balanceAfterMinor: 100n,
    sequence: 1n,
    ...fields,
  });
}

export function accountId(number: number): string {
  return uuid(0xacc000 + number);
}

export function userId(number: number): string {
  return uuid(0x05e000 + number);
}

/** The transactions of an account, each with its sequence and the balance that it leaves. */
export function history(account: number, changes: ReadonlyArray<readonly [at: string, amount: bigint]>): Transaction[] {
  let balance = 0n;
  return changes.map(([at, amountMinor], index) => {
    balance += amountMinor;
    return transaction({ at, account, amountMinor, balanceAfterMinor: balance, sequence: BigInt(index + 1) });
  });
}

export function record(harness: Harness, ...transactions: Transaction[]): Promise<RecordTransactionsResponse> {
  return harness.transactions.recordTransactions({ transactions });
}
