import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { columnKind } from '../definition/column-kind.ts';
import type { ColumnstoreOptions, HypertableOptions, Order, SparseIndex, Width } from '../definition/options.ts';
import { InvalidHypertable } from '../faults.ts';
import { fixedWidth, formatInterval, parseInterval } from '../interval.ts';
import {
  byColumn,
  orFalse,
  type CanonicalWidth,
  type ColumnstoreState,
  type HypertableState,
  type OrderState,
  type SparseIndexState,
} from './hypertable-state.ts';
import { scheduleState } from './schedule-state.ts';

/** What the definition asks for, in the names that the naming strategy gave the columns. */
export function desiredState(meta: EntityMetadata, options: HypertableOptions): HypertableState {
  const columns = (property: string): string[] => columnsOf(meta, property);
  const column = (property: string): string => {
    const [only, ...more] = columns(property);
    if (only !== undefined && more.length === 0) return only;
    throw new InvalidHypertable(meta.className, property, 'it is not one column', 'Partition by a single column');
  };
  const { by, chunkInterval, integerNow, dimensions, columnstore, chunkSkipping, retention, reorder } = options;
  return {
    by: {
      column: column(by),
      ...(chunkInterval !== undefined && { interval: chunkWidth(chunkInterval) }),
      ...(isUuid(meta, by) && { uuid: true as const }),
    },
    ...(integerNow !== undefined && { integerNow: qualified(integerNow) }),
    ...(dimensions && {
      dimensions: dimensions.map((each) =>
        each.kind === 'hash'
          ? { kind: each.kind, column: column(each.property), partitions: each.partitions }
          : { kind: each.kind, column: column(each.property), interval: chunkWidth(each.interval) },
      ),
    }),
    ...(columnstore !== undefined && { columnstore: columnstore && columnstoreState(columnstore, columns, by) }),
    ...(chunkSkipping !== undefined && {
      chunkSkipping: chunkSkipping && orFalse(chunkSkipping.flatMap(columns).sort()),
    }),
    ...(retention !== undefined && {
      retention: retention && { dropAfter: width(retention.dropAfter), ...scheduleState(retention) },
    }),
    ...(reorder !== undefined && { reorder: reorder && { index: reorder.index, ...scheduleState(reorder) } }),
  };
}

function isUuid(meta: EntityMetadata, by: string): boolean {
  const property = (meta.properties as Readonly<Record<string, EntityProperty>>)[by];
  return property !== undefined && columnKind(property) === 'uuid';
}

/** The columns of a property; none where there is no such property. */
export function columnsOf(meta: EntityMetadata, property: string): string[] {
  return (meta.properties as Readonly<Record<string, { fieldNames: string[] }>>)[property]?.fieldNames ?? [];
}

export function columnstoreState(
  { segmentBy, orderBy, sparseIndexes, after, ...schedule }: ColumnstoreOptions,
  columns: (property: string) => string[],
  by: string,
): ColumnstoreState {
  return {
    ...(segmentBy && { segmentBy: segmentBy.flatMap(columns) }),
    // TimescaleDB adds the time where it is missing, and reports it back.
    ...(orderBy && { orderBy: orderState(orderBy[by] ? orderBy : { ...orderBy, [by]: 'desc' }, columns) }),
    ...(sparseIndexes !== undefined && { sparseIndexes: sparseIndexes && sparseState(sparseIndexes, columns) }),
    ...(after !== undefined && { after: after && width(after) }),
    ...scheduleState(schedule),
  };
}

function sparseState(
  sparseIndexes: readonly SparseIndex[],
  columns: (property: string) => string[],
): false | SparseIndexState[] {
  return orFalse(
    byColumn(sparseIndexes.flatMap(({ kind, property }) => columns(property).map((column) => ({ kind, column })))),
  );
}

export function orderState(
  orderBy: Readonly<Record<string, Order | undefined>>,
  columns: (property: string) => string[],
): OrderState[] {
  return Object.entries(orderBy).flatMap(([property, order]) => {
    if (!order) return [];
    const descending = order.startsWith('desc');
    const nullsFirst = order.includes('nulls') ? order.endsWith('first') : descending;
    return columns(property).map((column) => ({ column, descending, nullsFirst }));
  });
}

/** @param given checked by `checkWidth` before */
export function width(given: Width): CanonicalWidth {
  if (typeof given === 'number') return given;
  return formatInterval(parseInterval(given) ?? never(given));
}

export function chunkWidth(given: Width): CanonicalWidth {
  if (typeof given === 'number') return given;
  return formatInterval(fixedWidth(parseInterval(given) ?? never(given)));
}

function never(given: Width): never {
  throw new Error(`Not an interval: ${JSON.stringify(given)}`);
}

function qualified(name: string): { schema: string; name: string } {
  const [schema = '', function_ = ''] = name.split('.');
  return { schema, name: function_ };
}
