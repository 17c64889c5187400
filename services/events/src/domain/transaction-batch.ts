import { acceptTransaction, RejectedTransaction, type TransactionRejectionReason } from './accept-transaction.ts';
import { invalid } from './invalid-argument.ts';
import type { Micros } from './micros.ts';
import { isSame, keyOf, type Transaction, type TransactionDraft } from './transaction.ts';

export interface TransactionRejection {
  /** The transaction's place in the request, from 0. */
  readonly index: number;
  readonly reason: TransactionRejectionReason;
  readonly message: string;
}

/** A transaction and its place in the request. */
export interface Placed {
  readonly index: number;
  readonly transaction: Transaction;
}

/** The transactions of one request, sorted out. */
export interface TransactionBatch {
  /** In the order of their key, each key once. */
  readonly transactions: readonly Placed[];
  /** How many more there were that say the same as one in `transactions`. */
  readonly repeats: number;
  readonly rejections: readonly TransactionRejection[];
}

const maxTransactions = 5_000;

export const TransactionBatch = {
  parse(drafts: readonly TransactionDraft[], now: Micros): TransactionBatch {
    const { length } = drafts;
    if (length === 0 || length > maxTransactions) {
      throw invalid('transactions', `Holds ${length} transactions: send 1 to ${maxTransactions} a request.`);
    }
    const accepted = new Map<string, Placed>();
    const rejections: TransactionRejection[] = [];
    let repeats = 0;
    drafts.forEach((draft, index) => {
      const transaction = acceptTransaction(draft, now);
      if (transaction instanceof RejectedTransaction) return void rejections.push(rejectionAt(index, transaction));
      const key = keyOf(transaction);
      const first = accepted.get(key);
      if (!first) accepted.set(key, { index, transaction });
      else if (isSame(first.transaction, transaction)) repeats += 1;
      else rejections.push(rejectionAt(index, conflict));
    });
    return { transactions: [...accepted.values()].sort(byKey), repeats, rejections };
  },
};

const conflict = new RejectedTransaction(
  'CONFLICT',
  'Another transaction has this id and time, and it stays: a transaction never changes, so make a new id for a new one.',
);

/** The rejection of a transaction that differs from the one that is there under its key. */
export function conflictAt(index: number): TransactionRejection {
  return rejectionAt(index, conflict);
}

function rejectionAt(index: number, { reason, message }: RejectedTransaction): TransactionRejection {
  return { index, reason, message };
}

/** Two writers that insert the same keys in the same order wait for each other; in any other order they can deadlock. */
function byKey({ transaction: a }: Placed, { transaction: b }: Placed): number {
  return a.time - b.time || (a.id < b.id ? -1 : 1);
}
