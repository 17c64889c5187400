export { ContinuousAggregate } from './continuous-aggregate.ts';
export { Hypertable } from './hypertable.ts';
