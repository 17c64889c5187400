/**
 * What a hypertable is, in column names: the same shape for what the model wants, what the catalog says and what a
 * migration snapshot remembers. Absent is "not managed" in a model and "not known" in a snapshot; the catalog always
 * says all of it.
 */
export interface HypertableState {
  by: { column: string; interval?: CanonicalWidth };
  integerNow?: QualifiedName;
  dimensions?: DimensionState[];
  columnstore?: false | ColumnstoreState;
  retention?: false | { dropAfter: CanonicalWidth };
  reorder?: false | { index: string };
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
  after?: false | CanonicalWidth;
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
  const { by, dimensions, columnstore } = state;
  return {
    ...state,
    by: renamed(by),
    ...(dimensions && { dimensions: dimensions.map(renamed) }),
    ...(columnstore && { columnstore: withSettingNames(columnstore, rename, renamed) }),
  };
}

function withSettingNames(
  { segmentBy, orderBy, after }: ColumnstoreState,
  rename: (column: string) => string,
  renamed: (order: OrderState) => OrderState,
): ColumnstoreState {
  return {
    // TimescaleDB (2.23) forgets at any renaming that there was to be no segmentation at all.
    ...(segmentBy && segmentBy.length > 0 && { segmentBy: segmentBy.map(rename) }),
    ...(orderBy && { orderBy: orderBy.map(renamed) }),
    ...(after !== undefined && { after }),
  };
}
