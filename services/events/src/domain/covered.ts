import type { Micros } from './micros.ts';
import type { TimeRange } from './time-range.ts';
import { intersect, merged, subtract } from './time-ranges.ts';

/** What is known of what was dropped. */
export interface Kept {
  /** What is older, the retention may have dropped; undefined: nothing. */
  readonly oldestKept: Micros | undefined;
  /** Where the oldest chunk of events begins that is still there. */
  readonly oldestChunk: Micros | undefined;
  /** Parts of the range that were dropped by hand. */
  readonly dropped: readonly TimeRange[];
}

/**
 * The part of a range that an answer stands on: all after the last gap, where the events were dropped and no rollup has
 * kept their numbers. Undefined where nothing is left.
 *
 * @param rolledUp the parts that rollups answer for, and hold
 */
export function coveredOf(
  range: TimeRange,
  { oldestKept, oldestChunk, dropped }: Kept,
  rolledUp: readonly TimeRange[],
): TimeRange | undefined {
  // A chunk goes as a whole: one that is there has all its events.
  const events = oldestKept === undefined ? -Infinity : Math.min(oldestKept, oldestChunk ?? Infinity);
  const gone = intersect([range], merged([{ start: range.start, end: Math.min(events, range.end) }, ...dropped]));
  const start = subtract(gone, merged(rolledUp)).at(-1)?.end ?? range.start;
  return start < range.end ? { start, end: range.end } : undefined;
}
