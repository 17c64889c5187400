import type { EntityMetadata } from '@mikro-orm/core';
import { InvalidHypertable } from '../faults.ts';
import { parseInterval, type Interval } from '../interval.ts';

/** When a policy runs. What is absent is not managed: a new policy has what TimescaleDB chooses. */
export interface PolicySchedule {
  /** How long from one run to the next. Months stand alone, without days or hours. */
  every?: Interval;
  /** Runs fall on this instant and on whole steps of `every` from it; `false`: `every` counts from the end of a run. */
  initialStart?: false | Date;
  /** Whose days and months the steps from `initialStart` are, such as 'Europe/Berlin'; `false` is UTC. */
  timeZone?: false | string;
}

/**
 * @param option the name of the policy's option, such as `retention`
 * @throws InvalidHypertable
 */
export function checkSchedule(meta: EntityMetadata, option: string, schedule: PolicySchedule): void {
  const [name, problem, remedy] = scheduleFault(schedule) ?? [];
  if (name === undefined || problem === undefined || remedy === undefined) return;
  throw new InvalidHypertable(meta.className, `${option}.${name}`, problem, remedy);
}

/** What is wrong with it, if anything. */
export function scheduleFault({
  every,
  initialStart,
  timeZone,
}: PolicySchedule): [name: keyof PolicySchedule, problem: string, remedy: string] | undefined {
  if (every !== undefined) {
    const spelled = typeof every === 'string' ? every : JSON.stringify(every);
    const interval = typeof every === 'number' ? undefined : parseInterval(every);
    if (!interval) return ['every', `"${spelled}" is no interval`, `Write it as '7 days' or { days: 7 }`];
    if (interval.months > 0 && interval.days + interval.micros > 0) {
      return ['every', `"${spelled}" mixes months with days or hours`, 'Give either'];
    }
  }
  if (initialStart !== undefined && initialStart !== false && !isInstant(initialStart)) {
    return ['initialStart', `"${String(initialStart)}" is no Date`, `Write new Date('2026-01-01T03:00Z'), say`];
  }
  if (timeZone === undefined || timeZone === false) return undefined;
  if (!isTimeZone(timeZone)) return ['timeZone', `"${timeZone}" is no time zone`, `Name one, such as 'Europe/Berlin'`];
  return initialStart ? undefined : ['timeZone', 'it counts with a fixed start only', 'Give initialStart too'];
}

function isInstant(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

/** Of the IANA list, as this runtime knows it. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
