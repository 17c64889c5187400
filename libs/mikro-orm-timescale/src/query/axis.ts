import type { Platform } from '@mikro-orm/core';
import type { Moment } from './bucket-options.ts';
import type { ColumnProperty } from './properties.ts';

/** The column that is cut into buckets. */
export interface Axis {
  readonly property: string;
  readonly column: string;
  readonly kind: 'timestamptz' | 'timestamp' | 'date' | 'integer';
}

/**
 * Where a value is on its axis: milliseconds since 1970, as on the clock for a timestamp without time zone and at
 * midnight for a date; an integer is where it says.
 */
export type Position = bigint;

/** Undefined where the property is no time, date or integer. */
export function axisOf({ name, column, property }: ColumnProperty): Axis | undefined {
  const type = property.columnTypes[0]?.toLowerCase() ?? '';
  const kind = kinds.find(([pattern]) => pattern.test(type))?.[1];
  return kind && { property: name, column, kind };
}

/** Undefined where the value is not what the axis is made of, see `valuesOf`. */
export function positionOf({ kind }: Axis, value: unknown, platform: Platform): Position | undefined {
  if (kind === 'integer') {
    return typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(Number(value)) : undefined;
  }
  if (kind === 'date') return typeof value === 'string' ? positionOfDate(value) : undefined;
  if (!(value instanceof Date) || !isInCalendar(value)) return undefined;
  if (kind === 'timestamptz' || platform.getTimezone() === 'Z') return BigInt(value.getTime());
  // MikroORM writes down what the clock of this process shows.
  return BigInt(value.getTime() - value.getTimezoneOffset() * 60_000);
}

/** The value at a position. @param like which of the two an integer shall be */
export function valueAt({ kind }: Axis, position: Position, like: Moment, platform: Platform): Moment {
  if (kind === 'integer') return typeof like === 'bigint' ? position : Number(position);
  const date = new Date(Number(position));
  const zone = platform.getTimezone();
  if (kind === 'timestamptz' || (kind === 'timestamp' && zone === 'Z')) return date;
  const text = date.toISOString();
  if (kind === 'date') return text.slice(0, 10);
  return platform.parseDate(text.replace('T', ' ').replace('Z', zone === undefined || zone === 'local' ? '' : zone));
}

/** For an error: what values of the axis are. */
export const valuesOf: Readonly<Record<Axis['kind'], string>> = {
  timestamptz: 'Date objects of the years 1 to 9999',
  timestamp: 'Date objects of the years 1 to 9999',
  date: `days such as '2026-01-31'`,
  integer: 'whole numbers',
};

const kinds = [
  [/^timestamptz|^timestamp.*with time zone$/, 'timestamptz'],
  [/^timestamp/, 'timestamp'],
  [/^date$/, 'date'],
  [/^(small|big)?(int|integer|serial)[248]?$/, 'integer'],
] as const;

function positionOfDate(text: string): Position | undefined {
  const date = new Date(`${text}T00:00:00Z`);
  const real = isInCalendar(date) && date.toISOString().startsWith(`${text}T`);
  return real ? BigInt(date.getTime()) : undefined;
}

/** PostgreSQL reads and writes these years like JavaScript. */
function isInCalendar(date: Date): boolean {
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9_999;
}
