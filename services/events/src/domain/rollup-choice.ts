import type { BucketQuery } from './bucket-query.ts';
import type { EventFilter } from './event-filter.ts';
import type { Measure } from './measure.ts';
import { day, hour, type Micros } from './micros.ts';

/** A continuous aggregate over the events: its name, and how long its buckets are. */
export interface Rollup {
  readonly name: string;
  readonly unit: Micros;
}

const plain: readonly Rollup[] = [
  { name: 'events_daily', unit: day },
  { name: 'events_hourly', unit: hour },
];
const byPage: readonly Rollup[] = plain.map(({ name, unit }) => ({ name: `${name}_pages`, unit }));

/** The rollups that hold what is asked for, the coarsest first. None: only the events themselves know. */
export function rollupsFor({
  measures,
  filter,
  groupBy,
}: Pick<BucketQuery, 'measures' | 'filter' | 'groupBy'>): readonly Rollup[] {
  const otherFields = groupBy.some((dimension) => !('field' in dimension) || dimension.field !== 'page');
  const otherConditions = Object.keys(filter).some((condition) => !conditions.has(condition as keyof EventFilter));
  if (otherFields || otherConditions || !measures.every((measure) => rolledUp.has(measure))) return [];
  const pages = groupBy.length > 0 || filter.page !== undefined || filter.pagePrefix !== undefined;
  return pages ? byPage : plain;
}

const conditions: ReadonlySet<keyof EventFilter> = new Set(['page', 'pagePrefix', 'excludeBots']);
const rolledUp: ReadonlySet<Measure> = new Set(['avgDuration', 'minDuration', 'maxDuration']);
