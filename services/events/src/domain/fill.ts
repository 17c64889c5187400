import { maxBuckets, tooManyBuckets, type Bucket, type BucketQuery } from './bucket-query.ts';
import { isDurationMeasure, measuredNothing, type Measure, type Measured } from './measure.ts';
import type { Micros } from './micros.ts';

/** Adds the buckets that no event is in: every group that has an event in the range is there at every start. */
export function fill(asked: BucketQuery, starts: readonly Micros[], buckets: readonly Bucket[]): readonly Bucket[] {
  if (asked.fill === 'none') return buckets;
  const series = seriesOf(asked, buckets);
  if (starts.length * series.size > maxBuckets) throw tooManyBuckets(asked, series.size);
  const ranks = [...series.keys()].sort((a, b) => a - b);
  const filled = ranks.map((rank) => filledSeries(asked, starts, series.get(rank) ?? [], rank));
  return starts.flatMap((_, place) => filled.flatMap((each) => each[place] ?? []));
}

/** By rank; without groups there is one series, even where it has no events. */
function seriesOf({ groupBy }: BucketQuery, buckets: readonly Bucket[]): Map<number, Bucket[]> {
  return groupBy.length === 0 ? new Map([[Infinity, [...buckets]]]) : Map.groupBy(buckets, ({ rank }) => rank);
}

function filledSeries(asked: BucketQuery, starts: readonly Micros[], found: readonly Bucket[], rank: number): Bucket[] {
  const group = found[0]?.group ?? [];
  const nothing = measuredNothing(asked.measures);
  let next = 0;
  return starts.map((start) => {
    const after = found[next];
    if (after?.start === start) {
      next += 1;
      return after;
    }
    const before = found[next - 1];
    return { start, group, rank, filled: true, measured: between(asked, start, before, after) ?? nothing };
  });
}

/** Undefined where there is nothing to fill from. */
function between(
  { fill: how, measures }: BucketQuery,
  start: Micros,
  before: Bucket | undefined,
  after: Bucket | undefined,
): Measured | undefined {
  if (how === 'zero' || !before) return undefined;
  if (how === 'last') return before.measured;
  if (!after) return undefined;
  const line = { from: before.start, at: start, to: after.start };
  return interpolated(measures, before.measured, after.measured, line);
}

interface Line {
  from: Micros;
  at: Micros;
  to: Micros;
}

function interpolated(measures: readonly Measure[], before: Measured, after: Measured, line: Line): Measured {
  const whole = (a = 0, b = 0): number => Number(onLine(BigInt(a), BigInt(b), line));
  const measured: Measured = { count: whole(before.count, after.count) };
  for (const measure of measures) {
    if (isDurationMeasure(measure)) {
      const [a, b] = [before[measure] ?? null, after[measure] ?? null];
      measured[measure] = a === null || b === null ? null : onLine(a, b, line);
    } else {
      measured[measure] = whole(before[measure], after[measure]);
    }
  }
  return measured;
}

/** The value at a time on the straight line from one to another, rounded, halves away from zero. No value is negative. */
function onLine(before: bigint, after: bigint, { from, at, to }: Line): bigint {
  const length = BigInt(to - from);
  const sum = before * BigInt(to - at) + after * BigInt(at - from);
  return (2n * sum + length) / (2n * length);
}
