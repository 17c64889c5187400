import { formatInterval, parseInterval } from '../interval.ts';
import type { ScheduleState } from '../state/schedule-state.ts';

/** SQL for the schedule of a row of `timescaledb_information.jobs`, as JSON for `scheduleOfJob`. */
export function jobScheduleSql(job: string): string {
  return `json_build_object(
    'every', ${job}.schedule_interval::text,
    'fixed', ${job}.fixed_schedule,
    'initialStartMs', extract(epoch FROM ${job}.initial_start)::float8 * 1000,
    'timeZone', (SELECT stored.timezone FROM _timescaledb_config.bgw_job AS stored WHERE stored.id = ${job}.job_id)
  )`;
}

export interface JobSchedule {
  every: string;
  fixed: boolean;
  initialStartMs: number | null;
  timeZone: string | null;
}

export function scheduleOfJob({ every, fixed, initialStartMs, timeZone }: JobSchedule): ScheduleState {
  const interval = parseInterval(every);
  return {
    every: interval ? formatInterval(interval) : every,
    initialStart: fixed && initialStartMs !== null && new Date(initialStartMs).toISOString(),
    timeZone: timeZone ?? false,
  };
}
