import type { ZoneOffset } from '../catalog/zone-offsets.ts';
import type { Alignment } from './alignment.ts';

/** More than any zone's clock was ever moved at once. */
export const largestShiftMs = 26 * 3_600_000;
const dayMs = 86_400_000;

/**
 * The instants, ascending, at which buckets start that overlap the range, in milliseconds.
 *
 * A bucket starts whenever the clock on the wall shows a start. Where the clock skips one, the bucket starts at the
 * skip. Where the clock is set back and shows one again, a bucket shorter than a day starts each time, and a longer one
 * only the first time. So starts only ever increase, and the bucket of an instant does not depend on the range.
 *
 * @param offsets ascending, the first from a bucket's length and two shifts before the range
 * @param limit where to stop
 */
export function wallClockStarts(
  range: { from: number; to: number },
  alignment: Alignment,
  offsets: readonly ZoneOffset[],
  limit: number,
): number[] {
  const once = alignment.months > 0 || alignment.lengthMs >= dayMs;
  const starts: number[] = [];
  const add = (instant: number): void => {
    // Only the latest start up to the beginning of the range counts.
    if (instant <= range.from) starts.length = 0;
    if (instant !== starts.at(-1)) starts.push(instant);
  };
  // The latest time that the wall has shown: every start before it has been.
  let shown: number | undefined;
  for (const [index, { from, offsetMs }] of offsets.entries()) {
    const until = Math.min(offsets[index + 1]?.from ?? Infinity, range.to);
    if (until <= from) continue;
    if (shown !== undefined && alignment.startFrom(shown) < from + offsetMs) add(from);
    // Of the starts before the range the last one will do.
    const late = Math.min(until, range.from) + offsetMs - 2 * alignment.lengthMs;
    let wall = alignment.startFrom(Math.max(from + offsetMs, late, once ? (shown ?? -Infinity) : -Infinity));
    while (wall < until + offsetMs && starts.length <= limit) {
      add(wall - offsetMs);
      wall = alignment.startFrom(wall + 1);
    }
    shown = Math.max(shown ?? -Infinity, until + offsetMs);
  }
  return starts;
}
