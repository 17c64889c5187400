import type { EntityMetadata, Platform } from '@mikro-orm/core';
import { definitionOf } from '../definition/hypertable.ts';
import type { Order } from '../definition/options.ts';
import { axisOf, positionOf, valuesOf, type Axis } from './axis.ts';
import type { FillMode, Moment } from './bucket-options.ts';
import { checkFill, checkSelection } from './check-selection.ts';
import type { Grid, Range } from './cut.ts';
import type { Fail } from './fail.ts';
import { parseGrid, type GridOptions } from './parse-grid.ts';
import type { ColumnProperty, Properties } from './properties.ts';
import type { Selection } from './selection.ts';

/** A query that cannot be wrong any more, as far as that is known without the database. */
export interface BucketQuery {
  readonly axis: Axis;
  readonly grid: Grid;
  readonly range: Range;
  /** What kind of value the buckets' starts shall be. */
  readonly like: Moment;
  readonly groups: readonly ColumnProperty[];
  readonly values: readonly { name: string; selection: Selection; fill: FillMode }[];
  /** Whether buckets without rows are wanted. */
  readonly filled: boolean;
  readonly orderBy: readonly (readonly [name: string, order: Order])[];
  readonly limit: number | undefined;
}

export interface AskedBuckets extends GridOptions {
  by?: string;
  range: readonly [Moment, Moment];
  groupBy?: readonly string[];
  select: Readonly<Record<string, Selection>>;
  fill?: FillMode | Readonly<Record<string, FillMode | undefined>>;
  orderBy?: Readonly<Record<string, Order | undefined>>;
  limit?: number;
}

/** @throws InvalidQuery */
export function parseBucketQuery(
  meta: EntityMetadata,
  properties: Properties,
  asked: AskedBuckets,
  platform: Platform,
  fail: Fail,
): BucketQuery {
  const axis = parseAxis(meta, properties, asked.by, fail);
  const grid = parseGrid(axis, asked, platform, fail);
  const range = parseRange(axis, asked.range, platform, fail);
  const groups = parseGroups(properties, asked.groupBy ?? [], fail);
  const values = parseValues(properties, asked, fail);
  const { limit } = asked;
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    fail('limit', `${limit} is no number of rows`, 'Give a whole number above 0');
  }
  return {
    axis,
    grid,
    range,
    like: asked.range[0],
    groups,
    values,
    filled: values.some(({ fill }) => fill !== 'none'),
    orderBy: parseOrder(asked.orderBy ?? {}, ['bucket', ...groups, ...values].map(nameOf), fail),
    limit,
  };
}

function parseAxis(meta: EntityMetadata, properties: Properties, by: string | undefined, fail: Fail): Axis {
  // The time of a continuous aggregate is called so.
  const name = by ?? definitionOf(meta)?.by ?? (properties.has('bucket') ? 'bucket' : undefined);
  if (name === undefined) return fail('by', 'it is missing, and the entity is no hypertable', 'Name a property');
  const axis = axisOf(properties.get(name, 'by'));
  return axis ?? fail('by', `"${name}" is no time`, 'Use a timestamp, a date or an integer property');
}

function parseRange(axis: Axis, asked: readonly unknown[], platform: Platform, fail: Fail): Range {
  const [from, toExclusive] = asked.map((value) => positionOf(axis, value, platform));
  if (asked.length !== 2 || from === undefined || toExclusive === undefined) {
    return fail('range', `it is not on "${axis.property}", a ${axis.kind}`, `Give two of ${valuesOf[axis.kind]}`);
  }
  if (from >= toExclusive) return fail('range', 'it ends where it starts, or before', 'Give the earlier one first');
  return { from, toExclusive };
}

function parseGroups(properties: Properties, names: readonly string[], fail: Fail): ColumnProperty[] {
  return names.map((name, index) => {
    const group = properties.get(name, 'groupBy');
    if (name === 'bucket') fail('groupBy', '"bucket" is what the start is called', 'Give the property another name');
    if (names.indexOf(name) !== index) fail('groupBy', `"${name}" is in it twice`, 'Name it once');
    if (group.property.columnTypes[0] === 'json') {
      fail('groupBy', `"${name}" is a json, which PostgreSQL does not compare`, 'Make it a jsonb');
    }
    return group;
  });
}

function parseValues(
  properties: Properties,
  { select, fill = 'none', groupBy = [] }: AskedBuckets,
  fail: Fail,
): Value[] {
  const names = Object.keys(select);
  if (names.length === 0) fail('select', 'it is empty', 'Write { n: count() }, say');
  const taken = names.find((name) => name === 'bucket' || groupBy.includes(name));
  if (taken !== undefined) fail('select', `"${taken}" is taken by the start or a group`, 'Choose another name');
  if (typeof fill === 'object') checkFilledNames(Object.entries(fill), names, fail);
  return Object.entries(select).map(([name, selection]) => {
    checkSelection(`select.${name}`, selection, properties, fail);
    const mode = typeof fill === 'string' ? fill : (fill[name] ?? 'none');
    if (!fillModes.has(mode)) fail('fill', `there is no way "${mode}"`, `Use one of ${[...fillModes].join(', ')}`);
    checkFill(name, mode, selection, properties, fail);
    return { name, selection, fill: mode };
  });
}

type Value = BucketQuery['values'][number];
const fillModes: ReadonlySet<string> = new Set<FillMode>(['none', 'zero', 'last', 'linear']);

function checkFilledNames(
  modes: readonly [string, FillMode | undefined][],
  names: readonly string[],
  fail: Fail,
): void {
  const unknown = modes.find(([name]) => !names.includes(name));
  if (unknown) fail('fill', `"${unknown[0]}" is not selected`, `Use one of ${names.join(', ')}`);
  if (modes.every(([, mode]) => mode === undefined || mode === 'none')) {
    fail('fill', 'it fills nothing', `Leave it out, or give a name 'zero', 'last' or 'linear'`);
  }
}

function parseOrder(
  orderBy: Readonly<Record<string, Order | undefined>>,
  names: readonly string[],
  fail: Fail,
): (readonly [string, Order])[] {
  return Object.entries(orderBy).flatMap(([name, order]) => {
    if (order === undefined) return [];
    if (!names.includes(name)) fail('orderBy', `there is no "${name}" in the answer`, `Use one of ${names.join(', ')}`);
    if (!orders.has(order)) fail('orderBy', `there is no order "${order}"`, `Use one of ${[...orders].join(', ')}`);
    return [[name, order] as const];
  });
}

const orders: ReadonlySet<string> = new Set<Order>([
  'asc',
  'desc',
  ...(['asc', 'desc'] as const).flatMap((way) => [`${way} nulls first`, `${way} nulls last`] as Order[]),
]);

function nameOf(named: string | { name: string }): string {
  return typeof named === 'string' ? named : named.name;
}
