import type { StoredTransaction } from '../domain/transaction.ts';

/** A transaction as the queries select it: times in microseconds, and what has 64 bits as text, since pg reads it so. */
export interface TransactionRow {
  id: string;
  time_us: string;
  account_id: string;
  user_id: string;
  sequence: string;
  amount_minor: string;
  currency: string;
  kind: string;
  description: string | null;
  balance_after_minor: string;
  received_time_us: string;
}

export const transactionColumns = `
  id,
  (extract(epoch FROM time) * 1000000)::bigint AS time_us,
  account_id, user_id, sequence, amount_minor, currency, kind, description, balance_after_minor,
  (extract(epoch FROM received_time) * 1000000)::bigint AS received_time_us`;

export function transactionOfRow(row: TransactionRow): StoredTransaction {
  return {
    id: row.id,
    time: Number(row.time_us),
    accountId: row.account_id,
    userId: row.user_id,
    sequence: BigInt(row.sequence),
    amountMinor: BigInt(row.amount_minor),
    currency: row.currency,
    kind: row.kind,
    description: row.description,
    balanceAfterMinor: BigInt(row.balance_after_minor),
    receivedTime: Number(row.received_time_us),
  };
}
