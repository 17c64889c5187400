import { maxBuckets, tooManyBuckets, type Bucket, type BucketQuery } from './bucket-query.ts';
import { measuredNothing } from './measure.ts';
import type { Micros } from './micros.ts';

/** Adds the buckets that no event is in: every group that has an event in the range is there at every start. */
export function fillZero(asked: BucketQuery, starts: readonly Micros[], buckets: readonly Bucket[]): Bucket[] {
  const series = seriesOf(asked, buckets);
  if (starts.length * series.length > maxBuckets) throw tooManyBuckets(asked, series.length);
  const found = new Map(buckets.map((bucket) => [keyOf(bucket), bucket]));
  const measured = measuredNothing(asked.measures);
  return starts.flatMap((start) =>
    series.map(({ group, rank }) => found.get(keyOf({ start, rank })) ?? { start, group, rank, measured }),
  );
}

function seriesOf({ groupBy }: BucketQuery, buckets: readonly Bucket[]): Array<Pick<Bucket, 'group' | 'rank'>> {
  if (groupBy.length === 0) return [{ group: [], rank: Infinity }];
  const series = new Map(buckets.map(({ group, rank }) => [rank, { group, rank }]));
  return [...series.values()].sort((a, b) => a.rank - b.rank);
}

function keyOf({ start, rank }: Pick<Bucket, 'start' | 'rank'>): string {
  return `${start} ${rank}`;
}
