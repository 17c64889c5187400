export type { Capabilities } from './catalog/capabilities.ts';
export type { Chunk } from './catalog/chunks.ts';
export type { Job, JobError, JobRun } from './catalog/jobs.ts';
export type { LiveCapabilities } from './catalog/live-capabilities.ts';
export type { ColumnstoreStats, HypertableStats } from './catalog/stats.ts';
export type { AggregateBucket, ContinuousAggregateOptions, RefreshOptions } from './definition/aggregate-options.ts';
export { continuousAggregate, type AggregateRow } from './definition/continuous-aggregate.ts';
export type { EntityLike, TypedEntity } from './definition/entity-like.ts';
export { hypertable } from './definition/hypertable.ts';
export {
  bloom,
  hash,
  minmax,
  range,
  type ColumnstoreOptions,
  type Dimension,
  type HypertableOptions,
  type Order,
  type ReorderOptions,
  type RetentionOptions,
  type SparseIndex,
  type Width,
} from './definition/options.ts';
export type { PolicySchedule } from './definition/policy-schedule.ts';
export type { Safety, Step } from './diff/step.ts';
export {
  DestructiveChange,
  ImpossibleChange,
  InvalidContinuousAggregate,
  InvalidHypertable,
  InvalidQuery,
  MissingFeature,
  SchemaDrift,
} from './faults.ts';
export type { Interval } from './interval.ts';
export type { Bound } from './live/bound.ts';
export type { ChunkBounds } from './live/chunks-within.ts';
export type { ChunkSelection, CompressOptions } from './live/convert-chunks.ts';
export type { DropPreview } from './live/drop-chunks.ts';
export {
  ConversionStopped,
  InvalidBound,
  NoTimescale,
  NotThere,
  PreviewOutdated,
  TransactionOpen,
} from './live/faults.ts';
export type { RefreshWindow } from './live/refresh.ts';
export type { Policy } from './live/run-job.ts';
export { timescale, type AtSchema, type LiveTimescale } from './orm/live.ts';
export {
  avg,
  count,
  first,
  histogram,
  last,
  max,
  min,
  rawAggregate,
  sum,
  type RawSelection,
  type SelectedValue,
  type Selection,
} from './query/selection.ts';
export type { TimescaleSettings } from './orm/settings.ts';
export { Timescale } from './orm/timescale.ts';
export type { PullOptions } from './pull/pull.ts';
export type { BucketOptions, BucketRow, Fill, FillMode, Moment } from './query/bucket-options.ts';
export type { Fragment, Fragments, TimeBucketOptions } from './query/fragments.ts';
