import type { ScheduleState } from './schedule-state.ts';

/**
 * What a hypertable is, in column names: the same shape for what the model wants, what the catalog says and what a
 * migration snapshot remembers. Absent is "not managed" in a model and "not known" in a snapshot; the catalog always
 * says all of it.
 */
export interface HypertableState {
  by: { column: string; interval?: CanonicalWidth; uuid?: true };
  integerNow?: QualifiedName;
  dimensions?: DimensionState[];
  columnstore?: false | ColumnstoreState;
  /** In any order, never empty. */
  chunkSkipping?: false | string[];
  retention?: false | { dropAfter: CanonicalWidth; schedule?: ScheduleState };
  reorder?: false | { index: string; schedule?: ScheduleState };
  /** Indexes that TimescaleDB made by itself, and MikroORM has to leave alone. */
  ownIndexes?: string[];
}

/** An interval as `formatInterval` spells it, or a number for an integer column: equal widths are `===`. */
export type CanonicalWidth = string | number;

export interface QualifiedName {
  schema: string;
  name: string;
}

export type DimensionState =
  { kind: 'hash'; column: string; partitions: number } | { kind: 'range'; column: string; interval: CanonicalWidth };

export interface ColumnstoreState {
  segmentBy?: string[];
  orderBy?: OrderState[];
  /** By column, never empty. */
  sparseIndexes?: false | SparseIndexState[];
  after?: false | CanonicalWidth;
  /** Of the policy that `after` is. */
  schedule?: ScheduleState;
}

export interface SparseIndexState {
  kind: string;
  column: string;
}

export interface OrderState {
  column: string;
  descending: boolean;
  nullsFirst: boolean;
}

/** The same hypertable after its columns got other names. */
export function withColumnNames(state: HypertableState, names: ReadonlyMap<string, string>): HypertableState {
  if (names.size === 0) return state;
  const rename = (column: string): string => names.get(column) ?? column;
  const renamed = <T extends { column: string }>(each: T): T => ({ ...each, column: rename(each.column) });
  const { by, dimensions, columnstore, chunkSkipping } = state;
  return {
    ...state,
    by: renamed(by),
    ...(dimensions && { dimensions: dimensions.map(renamed) }),
    ...(columnstore && { columnstore: withSettingNames(columnstore, rename, renamed) }),
    ...(chunkSkipping && { chunkSkipping: chunkSkipping.map(rename) }),
  };
}

/** The same hypertable after columns were dropped: their sparse indexes go along. */
export function withoutColumns(state: HypertableState, gone: ReadonlySet<string>): HypertableState {
  const { columnstore } = state;
  if (!columnstore || !columnstore.sparseIndexes) return state;
  const sparseIndexes = orFalse(columnstore.sparseIndexes.filter(({ column }) => !gone.has(column)));
  return { ...state, columnstore: { ...columnstore, sparseIndexes } };
}

/** One order for what has none of its own. */
export function byColumn<T extends { column: string }>(all: readonly T[]): T[] {
  return [...all].sort((a, b) => (a.column < b.column ? -1 : 1));
}

/** Nothing at all is `false`. */
export function orFalse<T>(all: T[]): false | T[] {
  return all.length > 0 && all;
}

function withSettingNames(
  columnstore: ColumnstoreState,
  rename: (column: string) => string,
  renamed: <T extends { column: string }>(each: T) => T,
): ColumnstoreState {
  const { segmentBy, orderBy, sparseIndexes, ...policy } = columnstore;
  return {
    // TimescaleDB (2.23) forgets at any renaming that there was to be no segmentation at all.
    ...(segmentBy && segmentBy.length > 0 && { segmentBy: segmentBy.map(rename) }),
    ...(orderBy && { orderBy: orderBy.map(renamed) }),
    ...(sparseIndexes !== undefined && { sparseIndexes: sparseIndexes && byColumn(sparseIndexes.map(renamed)) }),
    ...policy,
  };
}
