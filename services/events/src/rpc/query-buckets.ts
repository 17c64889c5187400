import type { QueryBucketsRequest, QueryBucketsResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { queryBuckets as queryStoredBuckets } from '../db/query-buckets.ts';
import { checkAnswerSize } from '../domain/answer-size.ts';
import { fill } from '../domain/fill.ts';
import type { Context } from './context.ts';
import { bucketMessage } from './mapping.ts';
import { bucketQueryOf } from './parse-request.ts';

export function queryBuckets({ pool }: Context): UnaryHandler<QueryBucketsRequest, QueryBucketsResponse> {
  return async (request, { signal }) => {
    const asked = bucketQueryOf(request);
    const { starts, buckets } = await queryStoredBuckets(pool, signal, asked);
    const answered = fill(asked, starts, buckets);
    checkAnswerSize(
      answered.flatMap(({ group }) => group),
      'series_limit',
    );
    return { buckets: answered.map(bucketMessage) };
  };
}
