import type { CanonicalWidth } from '../state/hypertable-state.ts';
import type { ScheduleState } from '../state/schedule-state.ts';
import { identifier, isOf, literal, on, widthSql, type Target } from './target.ts';

export type PolicyProcedure =
  'policy_retention' | 'policy_compression' | 'policy_reorder' | 'policy_refresh_continuous_aggregate';

export function addRetention(target: Target, dropAfter: CanonicalWidth): string {
  return `select ${on(target, 'add_retention_policy', `drop_after => ${widthSql(dropAfter)}`, 'if_not_exists => true')}`;
}

export function removeRetention(target: Target): string {
  return `select ${on(target, 'remove_retention_policy', 'if_exists => true')}`;
}

export function addReorder(target: Target, index: string): string {
  return `select ${on(target, 'add_reorder_policy', literal(index), 'if_not_exists => true')}`;
}

export function removeReorder(target: Target): string {
  return `select ${on(target, 'remove_reorder_policy', 'if_exists => true')}`;
}

/**
 * Changes one setting of a policy where it is, so that its schedule and its history stay. The job is looked up when the
 * statement runs, because its number differs from database to database.
 */
export function alterPolicy(
  target: Target,
  procedure: PolicyProcedure,
  setting: 'drop_after' | 'compress_after' | 'index_name',
  value: CanonicalWidth,
): string {
  // An interval goes in as PostgreSQL spells it, as it does where the policy is added.
  const type = typeof value === 'number' ? 'bigint' : setting === 'index_name' ? 'text' : 'interval';
  const json = `to_jsonb(${literal(String(value))}::${type})`;
  return alterJob(target, procedure, [`config => jsonb_set(config, '{${setting}}', ${json})`, keptTimeZone]);
}

/** Changes what is given of a policy's schedule. */
export function alterSchedule(target: Target, procedure: PolicyProcedure, schedule: ScheduleState): string {
  const { every, initialStart, timeZone } = schedule;
  return alterJob(target, procedure, [
    ...(every === undefined ? [] : [`schedule_interval => interval ${literal(every)}`]),
    ...(initialStart === undefined ? [] : [`fixed_schedule => ${initialStart !== false}`]),
    ...(initialStart ? [`initial_start => timestamptz ${literal(initialStart)}`] : []),
    ...(timeZone === undefined ? [keptTimeZone] : timeZone === false ? [] : [`timezone => ${literal(timeZone)}`]),
  ]);
}

/** alter_job takes the time zone away where it is not named. */
export const keptTimeZone = 'timezone => (select timezone from _timescaledb_config.bgw_job where id = job_id)';

export function alterJob(target: Target, procedure: PolicyProcedure, changes: readonly string[]): string {
  return (
    `select ${identifier(target.functions)}.alter_job(${['job_id', ...changes].join(', ')}) ` +
    `from timescaledb_information.jobs where proc_name = '${procedure}' and ${isOf(target)}`
  );
}
