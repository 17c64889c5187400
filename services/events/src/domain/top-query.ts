import type { Dimension } from './dimension.ts';
import type { EventFilter } from './event-filter.ts';
import { invalid } from './invalid-argument.ts';
import type { Measure, Measured } from './measure.ts';
import type { TimeRange } from './time-range.ts';

/** A question for the values of a dimension with the highest measure. */
export interface TopQuery {
  readonly range: TimeRange;
  readonly dimension: Dimension;
  /** Undefined: by the count. */
  readonly measure: Measure | undefined;
  readonly filter: EventFilter;
  readonly limit: number;
}

export interface TopValues {
  readonly values: ReadonlyArray<{ readonly value: string; readonly measured: Measured }>;
  readonly other: Measured;
  readonly total: Measured;
}

const defaultLimit = 10;
const maxLimit = 1_000;

/** 0 means 10. */
export function parseLimit(limit: number): number {
  if (limit >= 0 && limit <= maxLimit) return limit || defaultLimit;
  throw invalid('limit', `Must be from 1 to ${maxLimit}; 0 means ${defaultLimit}.`);
}
