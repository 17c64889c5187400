import { Source, type QueryBucketsRequest, type QueryBucketsResponse } from '@tidemark/contracts/events';
import { timestampOf, type UnaryHandler } from '@tidemark/grpc-kit';
import { queryBuckets as queryStoredBuckets } from '../db/query-buckets.ts';
import { checkAnswerSize } from '../domain/answer-size.ts';
import { fill } from '../domain/fill.ts';
import { oldestKept } from '../domain/retention.ts';
import type { Context } from './context.ts';
import { bucketMessage } from './mapping.ts';
import { bucketQueryOf } from './parse-request.ts';

export function queryBuckets({
  pool,
  clock,
  retention,
  rollups: catalogs,
}: Context): UnaryHandler<QueryBucketsRequest, QueryBucketsResponse> {
  return async (request, { signal }) => {
    const asked = bucketQueryOf(request);
    const oldest = retention && oldestKept(clock(), retention);
    const store = { catalogs, oldestKept: oldest };
    const { starts, buckets, rollups, covered } = await queryStoredBuckets(pool, signal, asked, store);
    const answered = fill(asked, starts, buckets);
    checkAnswerSize(
      answered.flatMap(({ group }) => group),
      'series_limit',
    );
    return {
      buckets: answered.map(bucketMessage),
      source: rollups.length > 0 ? Source.ROLLUP : Source.RAW,
      rollups: [...rollups],
      covered: covered && { start: timestampOf(covered.start), end: timestampOf(covered.end) },
    };
  };
}
