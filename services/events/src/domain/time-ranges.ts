import type { Micros } from './micros.ts';
import type { TimeRange } from './time-range.ts';

// Sets of instants, as ranges that are ascending and apart.

/** The same set from ranges in any order, which may overlap. */
export function merged(ranges: readonly TimeRange[]): TimeRange[] {
  const result: TimeRange[] = [];
  for (const { start, end } of ranges.filter((range) => range.start < range.end).sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last && start <= last.end) result[result.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    else result.push({ start, end });
  }
  return result;
}

export function intersect(some: readonly TimeRange[], others: readonly TimeRange[]): TimeRange[] {
  const result: TimeRange[] = [];
  let place = 0;
  for (const { start, end } of some) {
    while ((others[place]?.end ?? Infinity) <= start) place += 1;
    for (let at = place; (others[at]?.start ?? Infinity) < end; at += 1) {
      const other = others[at];
      if (other) result.push({ start: Math.max(start, other.start), end: Math.min(end, other.end) });
    }
  }
  return result;
}

export function subtract(some: readonly TimeRange[], others: readonly TimeRange[]): TimeRange[] {
  const gaps: TimeRange[] = [];
  let from = -Infinity;
  for (const { start, end } of others) {
    gaps.push({ start: from, end: start });
    from = end;
  }
  return intersect(some, [...gaps, { start: from, end: Infinity }]);
}

/** Every whole multiple of the unit that a range touches. */
export function outward(ranges: readonly TimeRange[], unit: Micros): TimeRange[] {
  return merged(
    ranges.map(({ start, end }) => ({ start: Math.floor(start / unit) * unit, end: Math.ceil(end / unit) * unit })),
  );
}

/** Every whole multiple of the unit that lies inside a range. */
export function inward(ranges: readonly TimeRange[], unit: Micros): TimeRange[] {
  return ranges
    .map(({ start, end }) => ({ start: Math.ceil(start / unit) * unit, end: Math.floor(end / unit) * unit }))
    .filter(({ start, end }) => start < end);
}

/** Every whole multiple of the unit that begins inside a range. */
export function begunIn(ranges: readonly TimeRange[], unit: Micros): TimeRange[] {
  return merged(
    ranges.map(({ start, end }) => ({ start: Math.ceil(start / unit) * unit, end: Math.ceil(end / unit) * unit })),
  );
}
