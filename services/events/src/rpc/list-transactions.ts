import { Transaction, type ListTransactionsRequest, type ListTransactionsResponse } from '@tidemark/contracts/events';
import { itemsThatFit, type UnaryHandler } from '@tidemark/grpc-kit';
import { listTransactions as listStoredTransactions } from '../db/list-transactions.ts';
import { parsePageSize } from '../domain/event-list.ts';
import { parseAll } from '../domain/invalid-argument.ts';
import type { TransactionPlace } from '../domain/transaction-list.ts';
import type { Context } from './context.ts';
import { rangeOf } from './parse-request.ts';
import { ownerOf, transactionMessage } from './transaction-message.ts';

export function listTransactions({
  pool,
  tokens,
}: Context): UnaryHandler<ListTransactionsRequest, ListTransactionsResponse> {
  return async (request, { signal }) => {
    const { of, range, pageSize } = parseAll({
      of: () => ownerOf(request.of),
      range: () => rangeOf(request.range),
      pageSize: () => parsePageSize(request.pageSize),
    });
    const { descending } = request;
    const bound = ['ListTransactions', of, range, descending];
    const after = placeOf(tokens.read(request.pageToken, bound));
    const { transactions, more } = await listStoredTransactions(pool, signal, {
      of,
      range,
      descending,
      pageSize,
      after,
    });
    const page = itemsThatFit(
      transactions.map(transactionMessage),
      (message) => Transaction.encode(message).finish().length,
    );
    const last = transactions[page.length - 1];
    const goesOn = last && (more || page.length < transactions.length);
    return {
      transactions: [...page],
      nextPageToken: goesOn ? tokens.write([String(last.time), String(last.sequence), last.id], bound) : '',
    };
  };
}

function placeOf(cursor: readonly string[] | undefined): TransactionPlace | undefined {
  return cursor && { time: Number(cursor[0]), sequence: BigInt(cursor[1] ?? 0), id: String(cursor[2]) };
}
