import type { Micros } from './micros.ts';

/** How long events are kept, in the parts of a PostgreSQL interval. */
export interface Retention {
  readonly months: number;
  readonly days: number;
  readonly micros: Micros;
}

/** The oldest time that is kept: `now - retention`, as PostgreSQL subtracts an interval in UTC. */
export function oldestKept(now: Micros, retention: Retention): Micros {
  const date = new Date(Math.floor(now / 1_000));
  const dayOfMonth = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - retention.months);
  date.setUTCDate(Math.min(dayOfMonth, daysInMonth(date)) - retention.days);
  return date.getTime() * 1_000 + (now % 1_000) - retention.micros;
}

function daysInMonth(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}
