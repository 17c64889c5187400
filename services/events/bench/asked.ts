import { QueryBucketsRequest, QueryBucketsResponse, TimeUnit } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import type { Bench } from './bench.ts';

export interface Range {
  start: number;
  end: number;
}

export type Question = Omit<Parameters<typeof QueryBucketsRequest.fromPartial>[0], 'range'> & { range: Range };

/** So many questions it takes until V8 has compiled what a service that has just started answers them with. */
export const untilCompiled = 500;

export const hours = { unit: TimeUnit.HOUR };
export const days = { unit: TimeUnit.DAY };

/** How long QueryBuckets takes, in milliseconds, and what it answers. */
export async function ask(bench: Bench, { range, ...question }: Question): Promise<{ ms: number; counted: number }> {
  const request = QueryBucketsRequest.fromPartial({
    ...question,
    range: { start: timestampOf(range.start), end: timestampOf(range.end) },
  });
  const begin = performance.now();
  const { buckets } = await bench.events.queryBuckets(request);
  const ms = performance.now() - begin;
  return { ms, counted: buckets.reduce((sum, { count }) => sum + Number(count), 0) };
}

/** From what the service answers a question, such as SOURCE_RAW; undefined where it does not say. */
export async function sourceOf(bench: Bench, { range, ...question }: Question): Promise<string | undefined> {
  const request = QueryBucketsRequest.fromPartial({
    ...question,
    range: { start: timestampOf(range.start), end: timestampOf(range.end) },
  });
  const answer = QueryBucketsResponse.toJSON(await bench.events.queryBuckets(request)) as { source?: string };
  return answer.source;
}
