import type { QueryTransactionBucketsRequest, QueryTransactionBucketsResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { queryTransactionBuckets as queryStoredBuckets } from '../db/query-transaction-buckets.ts';
import { parseAll } from '../domain/invalid-argument.ts';
import { parseTimeZone } from '../domain/time-zone.ts';
import { TransactionBucketQuery } from '../domain/transaction-bucket-query.ts';
import { transactionBuckets } from '../domain/transaction-buckets.ts';
import type { Context } from './context.ts';
import { fillOf, rangeOf, widthOf } from './parse-request.ts';
import { ownerOf, transactionBucketMessage } from './transaction-message.ts';

export function queryTransactionBuckets({
  pool,
}: Context): UnaryHandler<QueryTransactionBucketsRequest, QueryTransactionBucketsResponse> {
  return async (request, { signal }) => {
    const asked = TransactionBucketQuery.parse(
      parseAll({
        of: () => ownerOf(request.of),
        currency: () => request.currency,
        range: () => rangeOf(request.range),
        width: () => widthOf(request.width),
        timeZone: () => parseTimeZone(request.timeZone),
        fill: () => fillOf(request.fill),
      }),
    );
    const { starts, opening, sums } = await queryStoredBuckets(pool, signal, asked);
    return { buckets: transactionBuckets(starts, opening, sums, asked.fill).map(transactionBucketMessage) };
  };
}
