import type { EventFilter } from './event-filter.ts';
import { invalid } from './invalid-argument.ts';
import type { Micros } from './micros.ts';
import type { TimeRange } from './time-range.ts';

/** A question for a page of events, by time and then id. */
export interface EventList {
  readonly range: TimeRange;
  readonly filter: EventFilter;
  readonly descending: boolean;
  readonly pageSize: number;
  /** The key of the last event of the page before. */
  readonly after: EventKey | undefined;
}

export interface EventKey {
  readonly time: Micros;
  readonly id: string;
}

const defaultPageSize = 50;
const maxPageSize = 1_000;

/** 0 means 50, and over 1,000 means 1,000. */
export function parsePageSize(pageSize: number): number {
  if (pageSize < 0) throw invalid('page_size', `Must not be negative; 0 means ${defaultPageSize}.`);
  return Math.min(pageSize || defaultPageSize, maxPageSize);
}
