import type { Interval } from '../interval.ts';
import type { PolicySchedule } from './policy-schedule.ts';

/**
 * What `hypertable()` takes. An option that is absent is not managed: whatever the database has stays. `false` means
 * that it shall not be there. `P` are the entity's property names.
 */
export interface HypertableOptions<P extends string = string> {
  /** The property that partitions: a timestamp with or without time zone, a date, an integer or a uuid of version 7. */
  by: P;
  /** How much of it one chunk holds; TimescaleDB's default is 7 days. A number for an integer, which must have one. */
  chunkInterval?: Width;
  /** An SQL function without parameters that says what "now" is; for an integer only, and in the database already. */
  integerNow?: `${string}.${string}`;
  /** Further partitioning, see `hash()` and `range()`. It can be added to, never taken away. */
  dimensions?: readonly Dimension<P>[];
  columnstore?: false | ColumnstoreOptions<P>;
  /**
   * The times, dates and integers whose smallest and largest value is kept for each chunk in the columnstore, so that
   * queries pass over chunks; `false` and `[]` are none. TimescaleDB's setting `timescaledb.enable_chunk_skipping` has to
   * be on for that, both where chunks are converted (the server's jobs) and where they are queried.
   */
  chunkSkipping?: false | readonly P[];
  /** Chunks wholly older than `dropAfter` are dropped. */
  retention?: false | RetentionOptions;
  /** Chunks are rewritten in the order of this index, once they are no longer the newest. */
  reorder?: false | ReorderOptions;
}

export interface RetentionOptions extends PolicySchedule {
  dropAfter: Width;
}

export interface ReorderOptions extends PolicySchedule {
  index: string;
}

/** With the schedule of the policy, which is there with `after`. */
export interface ColumnstoreOptions<P extends string = string> extends PolicySchedule {
  /** Rows with equal values lie together; `[]` is none at all. */
  segmentBy?: readonly P[];
  /** The order within a segment. TimescaleDB adds the time, descending, where it is missing. */
  orderBy?: { readonly [K in P]?: Order };
  /** What lets a query pass over batches of rows, see `bloom()` and `minmax()`; `false` and `[]` are none at all. */
  sparseIndexes?: false | readonly SparseIndex<P>[];
  /** Chunks older than this are converted by a policy. */
  after?: false | Width;
}

/** A number only for an integer column. */
export type Width = Interval | number;
export type Order = 'asc' | 'desc' | 'asc nulls first' | 'desc nulls last';

export type Dimension<P extends string = string> =
  { kind: 'hash'; property: P; partitions: number } | { kind: 'range'; property: P; interval: Width };

export interface SparseIndex<P extends string = string> {
  kind: 'bloom' | 'minmax';
  property: P;
}

/** For `property = value`: whether a batch may hold the value. */
export function bloom<P extends string>(property: P): SparseIndex<P> {
  return { kind: 'bloom', property };
}

/** For ranges of a property: the smallest and the largest value of a batch. */
export function minmax<P extends string>(property: P): SparseIndex<P> {
  return { kind: 'minmax', property };
}

/** Spreads each time range over so many chunks, by the hash of a property. */
export function hash<P extends string>(property: P, partitions: number): Dimension<P> {
  return { kind: 'hash', property, partitions };
}

/** Cuts each time range by a second time, date or integer property. */
export function range<P extends string>(property: P, interval: Width): Dimension<P> {
  return { kind: 'range', property, interval };
}
