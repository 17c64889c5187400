import * as sql from '../sql/policies.ts';
import type { Target } from '../sql/target.ts';
import type { ScheduleState } from '../state/schedule-state.ts';
import type { PartialStep } from './diff-hypertable.ts';

type Scheduled = false | { schedule?: ScheduleState } | undefined;

/** The schedule of a policy, changed where it is; comes after the steps that put the policy there. */
export function diffSchedule(
  target: Target,
  procedure: sql.PolicyProcedure,
  from: Scheduled,
  to: Scheduled,
): PartialStep[] {
  if (!to || !to.schedule) return [];
  const before = (from && from.schedule) || {};
  const changed = pick(to.schedule, (name) => to.schedule?.[name] !== before[name]);
  if (Object.keys(changed).length === 0) return [];
  const back = pick(before, (name) => name in changed);
  const undo = Object.keys(back).length > 0 ? [sql.alterSchedule(target, procedure, back)] : [];
  return [{ sql: sql.alterSchedule(target, procedure, changed), safety: 'safe', undo }];
}

/** The statement that gives a policy its schedule, for where it comes back with an undo. */
export function restoreSchedule(target: Target, procedure: sql.PolicyProcedure, policy: Scheduled): string[] {
  return diffSchedule(target, procedure, false, policy).map((step) => step.sql);
}

function pick(schedule: ScheduleState, wanted: (name: keyof ScheduleState) => boolean): ScheduleState {
  return Object.fromEntries(Object.entries(schedule).filter(([name]) => wanted(name as keyof ScheduleState)));
}
