import type { Interval } from '../interval.ts';
import type { Selection } from '../query/selection.ts';
import type { ColumnstoreOptions, Order, Width } from './options.ts';
import type { PolicySchedule } from './policy-schedule.ts';

/**
 * What `continuousAggregate()` takes. As with a hypertable, an option that is absent is not managed, and `false` means
 * that it shall not be there.
 *
 * `P` are the properties of the source, `By` the one that is cut into buckets, `G` those it is grouped by, and `N` the
 * names that a row of the aggregate has: `bucket`, the grouped properties and the keys of `select`.
 */
export interface ContinuousAggregateOptions<
  P extends string = string,
  By extends P = P,
  G extends P = P,
  S extends Readonly<Record<string, Selection<P>>> = Readonly<Record<string, Selection<P>>>,
  N extends string = string,
> {
  /** `['1 hour', 'time']`, or with a time zone, an origin or an offset. */
  bucket: readonly [Width, By] | AggregateBucket<By>;
  groupBy?: readonly G[];
  select: S;
  /** The name of the view; by default the naming strategy makes it of the entity's name, as for a table. */
  viewName?: string;
  /** Buckets that are not materialized yet are answered from the source. TimescaleDB's default is false. */
  realtime?: boolean;
  /** How much time one chunk of the materialized buckets holds. TimescaleDB's default is ten times that of the source. */
  chunkInterval?: Width;
  refresh?: false | RefreshOptions;
  /** TimescaleDB has no sparse indexes for aggregates. */
  columnstore?: false | Omit<ColumnstoreOptions<N>, 'sparseIndexes'>;
  /** Chunks of materialized buckets wholly older than this are dropped. */
  retention?: false | ({ dropAfter: Width } & PolicySchedule);
  /** Beside the one on the bucket: all there are to be. Absent, TimescaleDB makes one for each grouped property. */
  indexes?: readonly { readonly [K in N]?: Order }[];
}

export interface AggregateBucket<By extends string = string> {
  width: Width;
  by: By;
  /** IANA name, for a timestamp with time zone: buckets begin at its local times. */
  timeZone?: string;
  /** A time at which a bucket begins; `'2026-01-01 06:00'` for a column without time zone. */
  origin?: Date | string;
  /** Moves the beginning of every bucket. A number for an integer column. */
  offset?: Width;
}

/** A job that materializes the buckets which lie wholly between `start` and `end` and have changed. */
export interface RefreshOptions extends PolicySchedule {
  /** How far back from now; null is everything, which a source with a retention does not allow. */
  start: Width | null;
  /** How long before now; null is all up to the newest. */
  end: Width | null;
  every: Interval;
  /** A run is cut into transactions of so many buckets. TimescaleDB 2.19. */
  bucketsPerBatch?: number;
  /** TimescaleDB 2.19; 0 is no limit. */
  maxBatchesPerExecution?: number;
  /** TimescaleDB 2.20. */
  refreshNewestFirst?: boolean;
}
