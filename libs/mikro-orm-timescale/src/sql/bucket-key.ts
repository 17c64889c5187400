import type { Axis, Position } from '../query/axis.ts';
import type { Cut } from '../query/cut.ts';
import { identifier, literal } from './target.ts';
import { timestampText } from './timestamp-text.ts';

/** How a statement speaks of the buckets of a cut: by a key, which is where one starts or, in a list, its number. */
export interface BucketKey {
  /** Of a row, by its column. */
  of(column: string): string;
  /** All buckets as a relation of `key` and `x`, a number that grows as starts do. */
  all: string;
  /** A key as a whole number: the position where the bucket starts or, in a list, its number from 1. */
  shown(key: string): string;
}

/** @param functions the schema of the extension; undefined where it is not there */
export function bucketKey(cut: Cut, kind: Axis['kind'], functions: string | undefined): BucketKey {
  if (cut.kind === 'listed') return listed(cut, kind);
  if (kind === 'integer') return equalIntegers(cut);
  return kind === 'date' ? equalDays(cut) : equalTimes(cut, kind, functions);
}

/** A position as a constant of the column's type. */
export function positionSql(position: Position, kind: Axis['kind']): string {
  return `${literal(positionText(position, kind))}::${kind === 'integer' ? 'bigint' : kind}`;
}

type Equal = Extract<Cut, { kind: 'equal' }>;
const dayMs = 86_400_000n;

/** Looks each row up by binary search. */
function listed({ starts }: Extract<Cut, { kind: 'listed' }>, kind: Axis['kind']): BucketKey {
  const texts = starts.map((start) => `"${positionText(start, kind)}"`);
  return {
    of: (column) => `width_bucket(${column}, ${literal(`{${texts.join(',')}}`)}::${kind}[])`,
    all: `select number::int, start from unnest('{${starts.join(',')}}'::float8[]) with ordinality as s (start, number)`,
    shown: (key) => key,
  };
}

/** TimescaleDB's planner knows `time_bucket`, so that it is the better one where it is there. */
function equalTimes(cut: Equal, kind: 'timestamptz' | 'timestamp', functions: string | undefined): BucketKey {
  const width = `interval '${cut.width} milliseconds'`;
  const [first, last] = [positionSql(cut.first, kind), positionSql(lastOf(cut), kind)];
  return {
    of: (column) =>
      functions === undefined
        ? `date_bin(${width}, ${column}, ${first})`
        : `${identifier(functions)}.time_bucket(${width}, ${column}, ${first})`,
    all: `select start, number from generate_series(${first}, ${last}, ${width}) with ordinality as s (start, number)`,
    shown: (key) => `(extract(epoch from ${key}) * 1000)::bigint`,
  };
}

function equalDays(cut: Equal): BucketKey {
  const [first, days] = [positionSql(cut.first, 'date'), cut.width / dayMs];
  return {
    of: (column) => `${first} + (${column} - ${first}) / ${days} * ${days}`,
    all: `select ${first} + (number * ${days})::int, number from generate_series(0, ${cut.count - 1}) as number`,
    shown: (key) => `(${key} - date '1970-01-01')::bigint * ${dayMs}`,
  };
}

/** No row lies before the first bucket, so that the remainder is never negative. */
function equalIntegers(cut: Equal): BucketKey {
  const [first, last] = [positionSql(cut.first, 'integer'), positionSql(lastOf(cut), 'integer')];
  return {
    of: (column) => `${first} + (${column} - ${first}) / ${cut.width} * ${cut.width}`,
    all: `select start, number from generate_series(${first}, ${last}, ${cut.width}) with ordinality as s (start, number)`,
    shown: (key) => key,
  };
}

function lastOf({ first, width, count }: Equal): Position {
  return first + width * BigInt(count - 1);
}

function positionText(position: Position, kind: Axis['kind']): string {
  if (kind === 'integer') return `${position}`;
  const text = timestampText(Number(position));
  if (kind === 'timestamptz') return text;
  return kind === 'timestamp' ? text.replace('Z', '') : text.replace(/T[^ ]*/, '');
}
