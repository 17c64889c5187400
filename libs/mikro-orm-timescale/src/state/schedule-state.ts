import type { PolicySchedule } from '../definition/policy-schedule.ts';
import { formatInterval, parseInterval } from '../interval.ts';

/** When a policy's job runs; absent as in `HypertableState`. */
export interface ScheduleState {
  /** As `formatInterval` spells it. */
  every?: string;
  /** ISO 8601, in UTC; `false` where the next run counts from the end of the last. */
  initialStart?: false | string;
  timeZone?: false | string;
}

/** What a policy's options say of its schedule, to be spread into its state; nothing where they say nothing. */
export function scheduleState({ every, initialStart, timeZone }: PolicySchedule): { schedule?: ScheduleState } {
  const interval = every !== undefined && parseInterval(every);
  const schedule: ScheduleState = {
    ...(interval && { every: formatInterval(interval) }),
    ...(initialStart !== undefined && { initialStart: initialStart && initialStart.toISOString() }),
    ...(timeZone !== undefined && { timeZone }),
  };
  return Object.keys(schedule).length > 0 ? { schedule } : {};
}
