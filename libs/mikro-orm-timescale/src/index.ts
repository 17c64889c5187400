export type { Capabilities } from './catalog/capabilities.ts';
export type { Chunk } from './catalog/chunks.ts';
export type { Job } from './catalog/jobs.ts';
export type { BucketOptions, ContinuousAggregateOptions, RefreshOptions } from './definition/aggregate-options.ts';
export { continuousAggregate, type AggregateRow } from './definition/continuous-aggregate.ts';
export type { EntityLike } from './definition/entity-like.ts';
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
  MissingFeature,
  SchemaDrift,
} from './faults.ts';
export type { Interval } from './interval.ts';
export {
  avg,
  count,
  first,
  histogram,
  last,
  max,
  min,
  raw,
  sum,
  type RawSelection,
  type SelectedValue,
  type Selection,
} from './query/selection.ts';
export { timescale, type LiveTimescale } from './orm/live.ts';
export type { TimescaleSettings } from './orm/settings.ts';
export { Timescale } from './orm/timescale.ts';
