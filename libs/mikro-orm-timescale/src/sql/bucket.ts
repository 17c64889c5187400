import { raw, sql, type RawQueryFragment } from '@mikro-orm/postgresql';
import type { Order } from '../definition/options.ts';
import type { BucketKey } from './bucket-key.ts';
import { filledSql, type Fillable } from './fill.ts';

export interface BucketStatement {
  key: BucketKey;
  /** The rows that count, which all SQL here calls `s`, and the condition that keeps them in the range. */
  rows: RawQueryFragment;
  range: string;
  /** The column that is cut. */
  column: string;
  groups: readonly ValueSql[];
  values: readonly (ValueSql & Fillable)[];
  filled: boolean;
  /** By the columns of the answer. */
  orderBy: readonly (readonly [column: string, order: Order])[];
  limit: number | undefined;
}

export interface ValueSql {
  /** How the answer calls it. */
  column: string;
  sql: string;
  /** Around it, once everything is computed. */
  reading: (value: string) => string;
}

/** One statement for all: groups by the key, fills, orders. The answer has the key as `key`. */
export function bucketSql({ key, groups, values, ...asked }: BucketStatement): RawQueryFragment {
  const columns = [{ column: 'key', sql: key.of(asked.column) }, ...groups, ...values];
  const names = groups.map(({ column }) => column);
  const grouping = columns.slice(0, groups.length + 1).map((_, index) => index + 1);
  const filled = asked.filled ? filledSql('buckets', key.all, names, values) : 'select * from buckets';
  const order = [...asked.orderBy, ...['key', ...names].map((column) => [column, 'asc'] as const)];
  const answer = [
    `${key.shown('key')} as key`,
    ...[...groups, ...values].map(({ column, reading }) => `${reading(column)} as ${column}`),
  ];
  return sql`
    with buckets as (
      select ${raw(columns.map((each) => `${each.sql} as ${each.column}`).join(', '))}
      from (${asked.rows}) as s
      where ${raw(asked.range)}
      group by ${raw(grouping.join(', '))}
    ), filled as (${raw(filled)})
    select ${raw(answer.join(', '))}
    from filled
    order by ${raw(order.map(([column, direction]) => `filled.${column} ${direction}`).join(', '))}
    ${raw(asked.limit === undefined ? '' : `limit ${asked.limit}`)}`;
}
