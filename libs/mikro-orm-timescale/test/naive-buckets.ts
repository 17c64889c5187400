import type { FillMode, Order } from '../src/index.ts';

// Counting by hand: rows into buckets, values out of rows, gaps filled one after the other.

export interface NaiveRow {
  id: number;
  position: number;
  deviceId: number;
  place: string | null;
  temp: number | null;
  level: number;
}

export interface NaiveValue {
  name: string;
  of: (rows: readonly NaiveRow[]) => unknown;
  fill: FillMode;
  zero: unknown;
  /** Without rows. */
  empty: unknown;
}

export interface NaiveQuery {
  rows: readonly NaiveRow[];
  /** All starts up to the end of the range, the first at or before its beginning. */
  starts: readonly number[];
  from: number;
  to: number;
  groupBy: readonly ('deviceId' | 'place')[];
  values: readonly NaiveValue[];
  filled: boolean;
  orderBy: readonly (readonly [name: string, order: Order])[];
  limit: number | undefined;
}

type Answer = Record<string, unknown> & { bucket: number; rows?: number };

export function naiveBuckets(query: NaiveQuery): Answer[] {
  const { rows, starts, from, to, groupBy, values } = query;
  const inRange = rows.filter(({ position }) => position >= from && position < to);
  const first = starts.findLastIndex((start) => start <= from);
  const wanted = starts.slice(first);
  const startOf = (row: NaiveRow): number | undefined => starts.findLast((start) => start <= row.position);
  const answers = seriesOf(inRange, groupBy).flatMap((series) => {
    const buckets = wanted.map((bucket): Answer => {
      const within = series.rows.filter((row) => startOf(row) === bucket);
      const held = values.map(({ name, of, empty }) => [name, within.length === 0 ? empty : of(within)]);
      return { bucket, ...series.group, rows: within.length, ...(Object.fromEntries(held) as object) };
    });
    const kept = query.filled ? buckets : buckets.filter((bucket) => bucket.rows !== 0);
    if (query.filled) for (const value of values) fill(kept, value);
    return kept;
  });
  const order = [...query.orderBy, ...['bucket', ...groupBy].map((name) => [name, 'asc'] as const)];
  const sorted = answers.sort((left, right) => compare(left, right, order));
  for (const answer of sorted) delete answer.rows;
  return sorted.slice(0, query.limit);
}

function seriesOf(
  rows: readonly NaiveRow[],
  groupBy: NaiveQuery['groupBy'],
): { group: Record<string, unknown>; rows: NaiveRow[] }[] {
  const series = new Map<string, { group: Record<string, unknown>; rows: NaiveRow[] }>();
  if (groupBy.length === 0) series.set('[]', { group: {}, rows: [] });
  for (const row of rows) {
    const key = JSON.stringify(groupBy.map((name) => row[name]));
    const group = Object.fromEntries(groupBy.map((name) => [name, row[name]]));
    const known = series.get(key) ?? { group, rows: [] };
    known.rows.push(row);
    series.set(key, known);
  }
  return [...series.values()];
}

function fill(buckets: Answer[], { name, fill: mode, zero, empty }: NaiveValue): void {
  const known = buckets.map((bucket) => (bucket.rows === 0 ? null : bucket[name]));
  for (const [index, bucket] of buckets.entries()) {
    if (known[index] !== null) continue;
    const before = known.findLastIndex((value, at) => at < index && value !== null);
    const after = known.findIndex((value, at) => at > index && value !== null);
    if (mode === 'none') bucket[name] = bucket.rows === 0 ? empty : null;
    if (mode === 'zero') bucket[name] = zero;
    if (mode === 'last') bucket[name] = known[before] ?? null;
    if (mode === 'linear')
      bucket[name] = between(buckets[before], buckets[after], bucket.bucket, [known[before], known[after]]);
  }
}

function between(
  left: Answer | undefined,
  right: Answer | undefined,
  at: number,
  [from, to]: readonly [unknown, unknown],
): number | null {
  if (!left || !right) return null;
  const share = (at - left.bucket) / (right.bucket - left.bucket);
  return Number(from) + (Number(to) - Number(from)) * share;
}

function compare(left: Answer, right: Answer, order: NaiveQuery['orderBy']): number {
  for (const [name, direction] of order) {
    const [a, b] = [left[name], right[name]];
    const nullsFirst = /nulls first/.test(direction) || (/^desc/.test(direction) && !/nulls/.test(direction));
    if (a === null && b === null) continue;
    if (a === null) return nullsFirst ? -1 : 1;
    if (b === null) return nullsFirst ? 1 : -1;
    const difference = (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
    if (difference !== 0) return /^desc/.test(direction) ? -difference : difference;
  }
  return 0;
}
