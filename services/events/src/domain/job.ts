import type { Micros } from './micros.ts';

export type JobKind = 'retention' | 'columnstore' | 'refresh' | 'other';

/** A job that looks after a hypertable or a rollup. */
export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  /** The hypertable or rollup; empty where these are several. */
  readonly target: string;
  /** As PostgreSQL writes an interval. */
  readonly scheduleInterval: string;
  /** By the scheduler: a run by hand does not count. */
  readonly lastRunTime: Micros | undefined;
  readonly lastOutcome: 'success' | 'failure' | undefined;
  /** SQLSTATE. */
  readonly lastErrorCode: string;
  readonly nextRunTime: Micros | undefined;
  readonly runCount: number;
  readonly failureCount: number;
}
