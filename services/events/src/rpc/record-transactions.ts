import type { RecordTransactionsRequest, RecordTransactionsResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { recordTransactions as storeTransactions } from '../db/record-transactions.ts';
import { conflictAt, TransactionBatch } from '../domain/transaction-batch.ts';
import type { Context } from './context.ts';
import { transactionDraftOf, transactionRejectionMessage } from './transaction-message.ts';

export function recordTransactions({
  pool,
  clock,
}: Context): UnaryHandler<RecordTransactionsRequest, RecordTransactionsResponse> {
  return async (request, { signal }) => {
    const now = clock();
    const batch = TransactionBatch.parse(request.transactions.map(transactionDraftOf), now);
    const { stored, conflicts } = await storeTransactions(pool, signal, batch.transactions, now);
    const rejections = [...batch.rejections, ...conflicts.map(({ index }) => conflictAt(index))];
    return {
      stored,
      duplicates: batch.transactions.length - stored - conflicts.length + batch.repeats,
      rejections: rejections.sort((a, b) => a.index - b.index).map(transactionRejectionMessage),
    };
  };
}
