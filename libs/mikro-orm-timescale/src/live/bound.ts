import type { Located } from '../catalog/locate.ts';
import { formatInterval, parseInterval, type Interval } from '../interval.ts';
import { InvalidBound } from './faults.ts';
import { spelled } from './session.ts';

/**
 * A place on the axis of the partitioning column: a date, or how long ago ('7 days'), for a time; a number for an
 * integer. A timestamp without time zone counts as UTC.
 */
export type Bound = Date | Interval | number;

/** An SQL expression of the type that the hypertable partitions by, and its parameter. */
export interface BoundSql {
  sql: string;
  value: string | number;
}

/**
 * @param option for the message
 * @param round where the column is a date, and the bound lies within a day
 * @throws InvalidBound
 */
export function boundSql(hypertable: Located, option: string, bound: Bound, round: 'up' | 'down' = 'down'): BoundSql {
  const fail = (problem: string, remedy: string): never => {
    throw new InvalidBound(spelled(hypertable), option, problem, remedy);
  };
  const { columnType } = hypertable;
  if (integers.has(columnType)) {
    if (typeof bound !== 'number') return fail('the column is an integer', 'Give a number');
    if (!Number.isSafeInteger(bound)) return fail(`${bound} is no whole number`, 'Give a whole number');
    return { sql: `CAST(? AS ${columnType})`, value: bound };
  }
  if (typeof bound === 'number') return fail(`${bound} has no unit`, `Give a Date, or '${bound} days'`);
  if (!(bound instanceof Date)) {
    const interval = parseInterval(bound);
    if (!interval) return fail(`${JSON.stringify(bound)} is no interval`, `Write it as '7 days' or { days: 7 }`);
    return { sql: 'CAST(? AS interval)', value: formatInterval(interval) };
  }
  if (Number.isNaN(bound.getTime())) return fail('the date is invalid', 'Give a Date that is one');
  if (columnType === 'date') return { sql: 'CAST(? AS date)', value: dayOf(bound, round) };
  if (columnType === 'timestamp without time zone') {
    return { sql: `(CAST(? AS timestamptz) AT TIME ZONE 'UTC')`, value: bound.toISOString() };
  }
  return { sql: 'CAST(? AS timestamptz)', value: bound.toISOString() };
}

const integers: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint']);
const dayMs = 86_400_000;

function dayOf(time: Date, round: 'up' | 'down'): string {
  const day = (round === 'up' ? Math.ceil : Math.floor)(time.getTime() / dayMs);
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
