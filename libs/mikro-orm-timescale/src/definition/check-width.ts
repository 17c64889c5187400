import type { EntityMetadata } from '@mikro-orm/core';
import { InvalidHypertable } from '../faults.ts';
import { parseInterval } from '../interval.ts';
import type { ColumnKind } from './column-kind.ts';
import type { Width } from './options.ts';

/** @throws InvalidHypertable */
export function checkWidth(
  meta: EntityMetadata,
  option: string,
  width: Width | null | undefined,
  kind: ColumnKind | null | undefined,
): void {
  if (width === undefined) return;
  const [problem, remedy] = widthFault(width, kind) ?? [];
  if (problem !== undefined && remedy) throw new InvalidHypertable(meta.className, option, problem, remedy);
}

/** A time wants an interval, a date one of whole days, an integer a number. */
export function widthFault(
  width: Width | null,
  kind: ColumnKind | null | undefined,
): [problem: string, remedy: string] | undefined {
  if (width === null) return ['there is none', `Write it as '7 days' or { days: 7 }`];
  if (typeof width === 'number') {
    if (kind && kind !== 'integer') return [`${width} has no unit`, `Write '${width} days', say`];
    return Number.isSafeInteger(width) && width > 0
      ? undefined
      : [`${width} is no width`, 'Give a whole number above 0'];
  }
  if (kind === 'integer') return [`"${spelled(width)}" has a unit, and the column is an integer`, 'Give a number'];
  const interval = parseInterval(width);
  if (!interval) return [`"${spelled(width)}" is no interval`, `Write it as '7 days' or { days: 7 }`];
  if (kind === 'date' && interval.micros % 86_400_000_000 !== 0) {
    return [`"${spelled(width)}" is not a number of days, and the column is a date`, 'Give whole days'];
  }
  return undefined;
}

function spelled(width: Width): string {
  return typeof width === 'string' ? width : JSON.stringify(width);
}
