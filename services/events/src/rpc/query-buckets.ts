import { Source, type QueryBucketsRequest, type QueryBucketsResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { queryBuckets as queryStoredBuckets } from '../db/query-buckets.ts';
import { checkAnswerSize } from '../domain/answer-size.ts';
import { fill } from '../domain/fill.ts';
import type { Context } from './context.ts';
import { bucketMessage } from './mapping.ts';
import { bucketQueryOf } from './parse-request.ts';

export function queryBuckets({
  pool,
  rollups: catalogs,
}: Context): UnaryHandler<QueryBucketsRequest, QueryBucketsResponse> {
  return async (request, { signal }) => {
    const asked = bucketQueryOf(request);
    const { starts, buckets, rollups } = await queryStoredBuckets(pool, signal, asked, catalogs);
    const answered = fill(asked, starts, buckets);
    checkAnswerSize(
      answered.flatMap(({ group }) => group),
      'series_limit',
    );
    return {
      buckets: answered.map(bucketMessage),
      source: rollups.length > 0 ? Source.ROLLUP : Source.RAW,
      rollups: [...rollups],
      covered: undefined,
    };
  };
}
