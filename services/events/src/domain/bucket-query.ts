import { bucketsIn, widthThatFits, type BucketWidth } from './bucket-width.ts';
import type { Dimension } from './dimension.ts';
import type { EventFilter } from './event-filter.ts';
import { invalid, type InvalidArgument } from './invalid-argument.ts';
import type { Measure, Measured } from './measure.ts';
import type { Micros } from './micros.ts';
import type { TimeRange } from './time-range.ts';

/** What is answered for buckets that no event is in. */
export type Fill = 'none' | 'zero' | 'last' | 'linear';

/** A question for measures by bucket. */
export interface BucketQuery {
  readonly range: TimeRange;
  readonly width: BucketWidth;
  readonly timeZone: string;
  readonly filter: EventFilter;
  readonly groupBy: readonly Dimension[];
  readonly measures: readonly Measure[];
  readonly fill: Fill;
  readonly seriesLimit: number;
}

/** The measures of one bucket, or of one group in it. */
export interface Bucket {
  readonly start: Micros;
  /** In the order of groupBy; empty text where events have no value. `'other'`: all beyond the series limit. */
  readonly group: readonly string[] | 'other';
  /** The group's place by its events in the whole range, from 1; `other` comes last. */
  readonly rank: number;
  readonly measured: Measured;
  /** Whether no event is in it. */
  readonly filled?: true;
}

export const maxBuckets = 10_000;
const maxGroupings = 2;
const defaultSeriesLimit = 20;
const maxSeriesLimit = 1_000;

export const BucketQuery = {
  parse(given: BucketQuery): BucketQuery {
    // The exact number needs the time zone's offsets, which a range of this many buckets is not worth.
    if (bucketsIn(given.range.end - given.range.start, given.width) > 2 * maxBuckets) {
      throw tooManyBuckets(given, 1);
    }
    return { ...given, measures: [...new Set(given.measures)] };
  },
};

export function parseGroupBy(dimensions: readonly Dimension[]): readonly Dimension[] {
  if (dimensions.length <= maxGroupings) return dimensions;
  throw invalid('group_by', `Holds ${dimensions.length} groupings: send at most ${maxGroupings}.`);
}

/** 0 means 20. */
export function parseSeriesLimit(limit: number): number {
  if (limit >= 0 && limit <= maxSeriesLimit) return limit || defaultSeriesLimit;
  throw invalid('series_limit', `Must be from 1 to ${maxSeriesLimit}; 0 means ${defaultSeriesLimit}.`);
}

/** @param series how many groups each bucket is answered for */
export function tooManyBuckets(
  { range, width: asked }: Pick<BucketQuery, 'range' | 'width'>,
  series: number,
): InvalidArgument {
  const width = widthThatFits(range.end - range.start, Math.floor(maxBuckets / series), asked);
  const less = series > 1 ? ', a shorter range or a smaller series_limit' : ' or a shorter range';
  return invalid('width', `The answer would hold over ${maxBuckets} buckets: choose a width of ${width}${less}.`);
}
