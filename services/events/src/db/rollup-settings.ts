import type { Interval, RefreshOptions } from '@tidemark/mikro-orm-timescale';
import type { HypertableSettings, TextInterval } from './hypertable-settings.ts';

export type RollupWidth = 'hour' | 'day';

/** When a rollup is brought up to date, and how long it is kept. */
export interface RollupPolicies {
  readonly refresh: false | RefreshOptions;
  readonly retention: false | { readonly dropAfter: TextInterval };
}

/** By the width of the rollup's buckets. */
export type ManagedRollups = Readonly<Record<RollupWidth, RollupPolicies>>;

/** How far back a rollup is refreshed, and how far back there are events, in hours. */
export interface RefreshLimit {
  readonly refreshed: Parts;
  readonly events: number;
}

/** Of rollups that hold numbers of events that are gone: a refresh over these would empty them. */
export type RefreshLimits = { readonly [Width in RollupWidth]?: RefreshLimit };

export function rollupsOf(settings: HypertableSettings, limits: RefreshLimits = {}): ManagedRollups {
  return {
    hour: policiesOf(settings, settings.hourlyRetention, limits.hour, { least: 3, end: '1 hour', every: '5 minutes' }),
    day: policiesOf(settings, settings.dailyRetention, limits.day, { least: 72, end: '1 day', every: '30 minutes' }),
  };
}

/** @param window `least` is in hours: TimescaleDB wants two buckets between its start and its end */
function policiesOf(
  { retention, chunkInterval }: HypertableSettings,
  kept: TextInterval | undefined,
  limit: RefreshLimit | undefined,
  { least, end, every }: { least: number; end: Interval; every: Interval },
): RollupPolicies {
  const margin = 2 * widthInHours(chunkInterval);
  const limits = [
    ...(retention === undefined ? [] : [startWithin(partsOf(retention), margin, least)]),
    ...(kept === undefined ? [] : [partsOf(kept)]),
    ...(limit === undefined ? [] : [furthest([limit.refreshed, { months: 0, hours: limit.events - margin }])]),
  ].sort((a, b) => leastHours(a) - leastHours(b));
  const [start] = limits;
  return {
    // A retention so short leaves nothing to be rolled up.
    refresh: start && leastHours(start) < least ? false : { start: start ? textOf(start) : null, end, every },
    retention: kept !== undefined && { dropAfter: kept },
  };
}

export interface Parts {
  months: number;
  hours: number;
}

/**
 * A refresh over what the retention has dropped would empty its buckets, so it stays away from it: by two chunks, so that
 * one that runs for long, or right beside the retention, does not meet it.
 */
function startWithin({ months, hours }: Parts, margin: number, least: number): Parts {
  let start: Parts = { months, hours: hours - margin };
  // February is the shortest month that there may be.
  while (start.hours < 0 && start.months > 0) {
    start = { months: start.months - 1, hours: start.hours + shortestMonth };
  }
  return leastHours(start) < least ? { months, hours } : start;
}

const shortestMonth = 28 * 24;

function furthest(starts: Parts[]): Parts {
  return starts.reduce((a, b) => (leastHours(b) > leastHours(a) ? b : a));
}

function leastHours({ months, hours }: Parts): number {
  return months * shortestMonth + hours;
}

/** As TimescaleDB stores the width of a chunk. */
function widthInHours(interval: Interval): number {
  if (typeof interval !== 'string') throw new TypeError('the chunk interval is a text');
  const { months, hours } = partsOf(interval);
  return months * 30 * 24 + hours;
}

/** Where its months are the shortest that there may be. */
export function leastHoursOf(interval: TextInterval): number {
  return leastHours(partsOf(interval));
}

function partsOf(interval: TextInterval): Parts {
  const parts = { months: 0, hours: 0 };
  for (const [, amount, name] of interval.matchAll(/(\d+) (hour|day|week|month|year)/g)) {
    const unit = units[name as keyof typeof units];
    parts[unit.part] += Number(amount) * unit.size;
  }
  return parts;
}

const units = {
  hour: { part: 'hours', size: 1 },
  day: { part: 'hours', size: 24 },
  week: { part: 'hours', size: 7 * 24 },
  month: { part: 'months', size: 1 },
  year: { part: 'months', size: 12 },
} as const;

function textOf({ months, hours }: Parts): Interval {
  const rest = hours % 24 === 0 ? (`${hours / 24} days` as const) : (`${hours} hours` as const);
  if (months === 0) return rest;
  return hours === 0 ? `${months} months` : `${months} months ${rest}`;
}
