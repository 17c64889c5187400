/** Where buckets start on one clock; all times are milliseconds since 1970 as that clock shows them. */
export interface Alignment {
  /** Calendar months in a bucket; 0 where all have the same length. */
  readonly months: number;
  /** What a bucket lasts on the clock; the longest one, where it has months. */
  readonly lengthMs: number;
  /** The earliest start at or after a time. */
  startFrom(time: number): number;
}

/** A width or an offset: months, or a fixed time. */
export interface Span {
  readonly months: number;
  readonly ms: number;
}

/**
 * @param origin a start. As in PostgreSQL, a month after the 31st is the last day of the next month.
 * @param offset how much later all starts are
 */
export function align(width: Span, origin: number, offset: Span): Alignment {
  return width.months > 0 ? alignMonths(width.months, origin, offset) : alignLength(width.ms, origin + offset.ms);
}

/** Monday 2000-01-03, and 2000-01-01 for months, as TimescaleDB counts. */
export function defaultOrigin({ months }: Span): number {
  return months > 0 ? Date.UTC(2000, 0, 1) : Date.UTC(2000, 0, 3);
}

/** What a bucket lasts on the clock, at most. */
export function longestMs({ months, ms }: Span): number {
  return months * 31 * dayMs + ms;
}

const dayMs = 86_400_000;

function alignLength(lengthMs: number, start: number): Alignment {
  return { months: 0, lengthMs, startFrom: (time) => start + Math.ceil((time - start) / lengthMs) * lengthMs };
}

function alignMonths(months: number, origin: number, offset: Span): Alignment {
  const startOf = (index: number): number => addMonths(origin, offset.months + index * months) + offset.ms;
  const month = (time: number): number => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth();
  const first = month(startOf(0));
  return {
    months,
    lengthMs: longestMs({ months, ms: 0 }),
    startFrom(time) {
      let index = Math.floor((month(time) - first) / months) - 1;
      while (startOf(index) < time) index++;
      return startOf(index);
    },
  };
}

function addMonths(time: number, months: number): number {
  const date = new Date(time);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months, 1);
  const lastDay = new Date(date);
  lastDay.setUTCMonth(lastDay.getUTCMonth() + 1, 0);
  return date.setUTCDate(Math.min(day, lastDay.getUTCDate()));
}
