import type { Platform } from '@mikro-orm/core';
import type { Width } from '../definition/options.ts';
import { parseInterval } from '../interval.ts';
import type { Span } from './alignment.ts';
import { positionOf, valuesOf, type Axis, type Position } from './axis.ts';
import type { Grid } from './cut.ts';
import type { Fail } from './fail.ts';

export interface GridOptions {
  every: Width;
  origin?: unknown;
  offset?: Width;
  timeZone?: string;
}

/** @throws InvalidQuery */
export function parseGrid(axis: Axis, options: GridOptions, platform: Platform, fail: Fail): Grid {
  const { timeZone } = options;
  if (timeZone !== undefined && axis.kind !== 'timestamptz') {
    fail('timeZone', `"${axis.property}" is a ${axis.kind}, which is in no time zone`, 'Leave it out');
  }
  // It becomes part of SQL, where a "?" is a place for a parameter to MikroORM.
  if (timeZone !== undefined && !/^[\w+/-]+$/.test(timeZone)) {
    fail('timeZone', `"${timeZone}" is no name of a time zone`, `Use an IANA name: 'Europe/Berlin'`);
  }
  const origin = options.origin === undefined ? undefined : parseOrigin(axis, options.origin, platform, fail);
  if (axis.kind === 'integer') return integerGrid(options, origin ?? 0n, fail);
  const width = parseSpan(axis, 'every', options.every, fail);
  const offset = options.offset === undefined ? none : parseSpan(axis, 'offset', options.offset, fail);
  if (width.months > 0 && width.ms > 0) {
    fail('every', 'it has months and days or hours, which make no whole', 'Give one or the other');
  }
  if (width.months === 0 && offset.months > 0) {
    fail('offset', 'it has months, and the buckets have none', 'Give it in days or hours');
  }
  return { kind: 'time', width, origin, offset, timeZone };
}

const none: Span = { months: 0, ms: 0 };
const dayMs = 86_400_000;
const longestMonths = 12_000;

function parseOrigin(axis: Axis, origin: unknown, platform: Platform, fail: Fail): Position {
  const position = positionOf(axis, origin, platform);
  if (position !== undefined) return position;
  return fail('origin', `${spelled(origin)} is not on "${axis.property}"`, `Give one of ${valuesOf[axis.kind]}`);
}

function integerGrid({ every, offset = 0 }: GridOptions, origin: bigint, fail: Fail): Grid {
  if (typeof every !== 'number' || !Number.isSafeInteger(every) || every <= 0) {
    return fail('every', `${spelled(every)} is no width of an integer`, 'Give a whole number above 0');
  }
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset)) {
    return fail('offset', `${spelled(offset)} is no integer`, 'Give a whole number');
  }
  return { kind: 'integer', width: BigInt(every), start: origin + BigInt(offset) };
}

function parseSpan(axis: Axis, option: string, width: Width, fail: Fail): Span {
  if (typeof width === 'number') return fail(option, `${width} has no unit`, `Write '${width} minutes', say`);
  const interval = parseInterval(width);
  if (!interval) return fail(option, `${spelled(width)} is no interval`, `Write it as '1 hour' or { hours: 1 }`);
  const { months, days, micros } = interval;
  if (micros % 1_000 !== 0) fail(option, `${spelled(width)} is finer than a Date`, 'Give whole milliseconds');
  const ms = days * dayMs + micros / 1_000;
  if (axis.kind === 'date' && ms % dayMs !== 0) {
    fail(option, `${spelled(width)} is not a number of days, and "${axis.property}" is a date`, 'Give whole days');
  }
  if (months + ms / dayMs / 31 > longestMonths) fail(option, `${spelled(width)} is too long`, 'Give up to 1000 years');
  return { months, ms };
}

function spelled(value: unknown): string {
  return typeof value === 'bigint' ? `${value}` : JSON.stringify(value);
}
