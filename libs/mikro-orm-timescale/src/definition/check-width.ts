import type { EntityMetadata } from '@mikro-orm/core';
import { InvalidHypertable } from '../faults.ts';
import { parseInterval } from '../interval.ts';
import type { ColumnKind } from './column-kind.ts';
import type { Width } from './options.ts';

/** A time wants an interval, a date one of whole days, an integer a number. */
export function checkWidth(
  meta: EntityMetadata,
  option: string,
  width: Width | undefined,
  kind: ColumnKind | null | undefined,
): void {
  if (width === undefined) return;
  const fail = (problem: string, remedy: string): never => {
    throw new InvalidHypertable(meta.className, option, problem, remedy);
  };
  if (typeof width === 'number') {
    if (kind && kind !== 'integer') fail(`${width} has no unit`, `Write '${width} days', say`);
    if (!Number.isSafeInteger(width) || width <= 0) fail(`${width} is no width`, 'Give a whole number above 0');
    return;
  }
  if (kind === 'integer') fail(`"${spelled(width)}" has a unit, and the column is an integer`, 'Give a number');
  const interval = parseInterval(width);
  if (!interval) return fail(`"${spelled(width)}" is no interval`, `Write it as '7 days' or { days: 7 }`);
  if (kind === 'date' && interval.micros % 86_400_000_000 !== 0) {
    fail(`"${spelled(width)}" is not a number of days, and the column is a date`, 'Give whole days');
  }
}

function spelled(width: Width): string {
  return typeof width === 'string' ? width : JSON.stringify(width);
}
