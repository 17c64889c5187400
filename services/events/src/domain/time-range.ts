import { invalid, parseAll } from './invalid-argument.ts';
import type { Micros } from './micros.ts';

/** A half-open range: start <= t < end. */
export interface TimeRange {
  readonly start: Micros;
  readonly end: Micros;
}

const earliestTime: Micros = 0;
export const latestTime: Micros = Date.UTC(2200, 0, 1) * 1_000;

export const TimeRange = {
  parse(range: { start: Micros | undefined; end: Micros | undefined }): TimeRange {
    const { start, end } = parseAll({
      start: () => bounded('range.start', range.start),
      end: () => bounded('range.end', range.end),
    });
    if (start >= end) throw invalid('range.end', 'Must be later than range.start.');
    return { start, end };
  },
};

function bounded(field: string, time: Micros | undefined): Micros {
  if (time === undefined) throw invalid(field, 'Required, such as "2026-01-31T00:00:00Z".');
  if (time < earliestTime || time > latestTime) throw invalid(field, 'Must be from 1970-01-01 to 2200-01-01 UTC.');
  return time;
}
