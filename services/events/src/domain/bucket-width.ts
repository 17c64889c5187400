import { invalid } from './invalid-argument.ts';
import { day, hour, minute, second, type Micros } from './micros.ts';

export type TimeUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

/** How wide a bucket is, as a clock on the wall measures it. */
export type BucketWidth = { readonly name: string; readonly longest: Micros } & (
  | {
      /** Seconds to weeks. */
      readonly micros: Micros;
      /** Whether it is of days or weeks: then no bucket begins twice, even where the clock is set back over midnight. */
      readonly calendar: boolean;
    }
  | { /** Months to years. */ readonly months: number }
);

const maxCount = 10_000;
const longestMonths = 100 * 12;
const lengths = { second, minute, hour, day, week: 7 * day } as const;
const months = { month: 1, quarter: 3, year: 12 } as const;

export const BucketWidth = {
  /** A count of 0 means 1. */
  parse({ count, unit }: { count: number; unit: TimeUnit | undefined }): BucketWidth {
    if (unit === undefined) throw invalid('width.unit', 'Required, such as TIME_UNIT_HOUR.');
    if (count < 0 || count > maxCount) throw invalid('width.count', `Must be from 1 to ${maxCount}; 0 means 1.`);
    const width = widthOf(count || 1, unit);
    if (widestMonths(width) > longestMonths) throw invalid('width', 'Is over 100 years: choose a smaller one.');
    return width;
  },
};

function widestMonths(width: BucketWidth): number {
  return 'months' in width ? width.months : width.micros / (30 * day);
}

function widthOf(count: number, unit: TimeUnit): BucketWidth {
  const name = `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (unit === 'month' || unit === 'quarter' || unit === 'year') {
    return { name, months: count * months[unit], longest: count * months[unit] * 31 * day };
  }
  const micros = count * lengths[unit];
  return { name, micros, calendar: unit === 'day' || unit === 'week', longest: micros };
}

const ladder: ReadonlyArray<readonly [number, TimeUnit]> = [
  [1, 'second'], [5, 'second'], [15, 'second'],
  [1, 'minute'], [5, 'minute'], [15, 'minute'],
  [1, 'hour'], [3, 'hour'], [6, 'hour'], [12, 'hour'],
  [1, 'day'], [1, 'week'], [1, 'month'], [1, 'quarter'], [1, 'year'],
]; // prettier-ignore

/** The narrowest common width over `asked` that cuts `length` into at most `buckets`, by name. */
export function widthThatFits(length: Micros, buckets: number, asked: BucketWidth): string {
  const fits = ladder
    .map(([count, unit]) => widthOf(count, unit))
    .find((width) => width.longest > asked.longest && bucketsIn(length, width) <= buckets);
  return fits?.name ?? '1 year';
}

/** How many buckets a range of this length can touch at most, give or take the shifts of a time zone. */
export function bucketsIn(length: Micros, width: BucketWidth): number {
  const shortest = 'months' in width ? width.months * 28 * day : width.micros;
  return Math.ceil(length / shortest) + 1;
}
