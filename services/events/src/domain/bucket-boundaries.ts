import type { BucketWidth } from './bucket-width.ts';
import { day, type Micros } from './micros.ts';
import type { TimeRange } from './time-range.ts';

/** From an instant on, how far the wall clock of a time zone is ahead of UTC. */
export interface ZoneOffset {
  readonly from: Micros;
  readonly offset: Micros;
}

// Monday 2000-01-03 and 2000-01-01, as TimescaleDB's time_bucket counts.
const weekOrigin = Date.UTC(2000, 0, 3) * 1_000;
const monthOrigin = 2_000 * 12;
// More than any zone's clock was ever moved at once.
const largestShift = 26 * 60 * 60 * 1_000_000;

/** The earliest instant whose offset can matter to the first bucket of a range. */
export function lookBack({ start }: TimeRange, width: BucketWidth): Micros {
  return start - width.longest - 2 * largestShift;
}

/**
 * Where the buckets of a range begin, ascending: the last beginning at or before its start, then all before its end.
 *
 * A bucket begins where the wall clock shows a multiple of the width. Where the clock is set back over one, a bucket of
 * seconds to hours begins each time it is shown, and a longer one only the first time; where the clock skips one, the
 * bucket begins at the skip.
 * @param offsets of the time zone, ascending, the first from `lookBack` or earlier, up to the range's end
 */
export function bucketBoundaries(range: TimeRange, width: BucketWidth, offsets: readonly ZoneOffset[]): Micros[] {
  const boundaries: Micros[] = [];
  // The latest wall clock time that was shown: everything before it has had its boundary.
  let shown = -Infinity;
  offsets.forEach(({ from, offset }, index) => {
    const until = Math.min(offsets[index + 1]?.from ?? Infinity, range.end);
    const begin = index === 0 ? Math.max(from, lookBack(range, width) + largestShift) : from;
    if (begin >= until) return;
    if (shown > -Infinity && firstMultiple(shown, width) < begin + offset) boundaries.push(begin);
    const once = 'months' in width || width.calendar;
    const wallStart = once ? Math.max(begin + offset, shown) : begin + offset;
    for (let wall = firstMultiple(wallStart, width); wall < until + offset; wall = nextMultiple(wall, width)) {
      if (wall - offset !== boundaries.at(-1)) boundaries.push(wall - offset);
    }
    shown = Math.max(shown, until + offset);
  });
  const first = boundaries.findLastIndex((boundary) => boundary <= range.start);
  return boundaries.slice(Math.max(first, 0));
}

/** The first multiple of the width at or after a wall clock time. */
function firstMultiple(wall: Micros, width: BucketWidth): Micros {
  if ('micros' in width) return weekOrigin + Math.ceil((wall - weekOrigin) / width.micros) * width.micros;
  const date = new Date(Math.floor(wall / 1_000));
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  const multiple = monthOrigin + Math.floor((month - monthOrigin) / width.months) * width.months;
  return startOfMonth(multiple) >= wall ? startOfMonth(multiple) : startOfMonth(multiple + width.months);
}

function nextMultiple(wall: Micros, width: BucketWidth): Micros {
  return 'micros' in width ? wall + width.micros : firstMultiple(wall + day, width);
}

/** @param month counted from year 0 */
function startOfMonth(month: number): Micros {
  return Date.UTC(Math.floor(month / 12), month % 12, 1) * 1_000;
}
