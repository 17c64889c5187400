import type { RefreshState } from '../state/aggregate-state.ts';
import type { CanonicalWidth } from '../state/hypertable-state.ts';
import { identifier, isOf, literal, on, widthSql, type Target } from './target.ts';

/** @param integer the type of a column that is not a time: its offsets have to be of the same */
export function addRefresh(target: Target, state: RefreshState, integer: string | undefined): string {
  return `select ${on(
    target,
    'add_continuous_aggregate_policy',
    `start_offset => ${offsetSql(state.start, integer)}`,
    `end_offset => ${offsetSql(state.end, integer)}`,
    `schedule_interval => ${widthSql(state.every)}`,
    'if_not_exists => true',
    ...argumentsOf(state),
  )}`;
}

export function removeRefresh(target: Target): string {
  return `select ${on(target, 'remove_continuous_aggregate_policy', 'if_exists => true')}`;
}

/** Changes the policy where it is, so that its job keeps number and history. */
export function alterRefresh(target: Target, state: RefreshState): string {
  const settings: Record<string, CanonicalWidth | boolean | null> = {
    start_offset: state.start,
    end_offset: state.end,
    ...(state.bucketsPerBatch !== undefined && { buckets_per_batch: state.bucketsPerBatch }),
    ...(state.maxBatchesPerExecution !== undefined && { max_batches_per_execution: state.maxBatchesPerExecution }),
    ...(state.refreshNewestFirst !== undefined && { refresh_newest_first: state.refreshNewestFirst }),
  };
  const changes = [
    `schedule_interval => ${widthSql(state.every)}`,
    `config => config || ${literal(JSON.stringify(settings))}::jsonb`,
    ...scheduleOf(state),
  ];
  return (
    `select ${identifier(target.functions)}.alter_job(job_id, ${changes.join(', ')}) from timescaledb_information.jobs ` +
    `where proc_name = 'policy_refresh_continuous_aggregate' and ${isOf(target)}`
  );
}

function argumentsOf({
  bucketsPerBatch,
  maxBatchesPerExecution,
  refreshNewestFirst,
  ...schedule
}: RefreshState): string[] {
  return [
    ...(schedule.initialStart === undefined ? [] : [`initial_start => ${literal(schedule.initialStart)}::timestamptz`]),
    ...(schedule.timeZone === undefined ? [] : [`timezone => ${literal(schedule.timeZone)}`]),
    ...(bucketsPerBatch === undefined ? [] : [`buckets_per_batch => ${bucketsPerBatch}`]),
    ...(maxBatchesPerExecution === undefined ? [] : [`max_batches_per_execution => ${maxBatchesPerExecution}`]),
    ...(refreshNewestFirst === undefined ? [] : [`refresh_newest_first => ${refreshNewestFirst}`]),
  ];
}

function scheduleOf({ initialStart, timeZone }: RefreshState): string[] {
  return [
    ...(initialStart === undefined
      ? []
      : [`initial_start => ${literal(initialStart)}::timestamptz`, 'fixed_schedule => true']),
    ...(timeZone === undefined ? [] : [`timezone => ${literal(timeZone)}`]),
  ];
}

function offsetSql(width: CanonicalWidth | null, integer = 'bigint'): string {
  if (width === null) return 'null';
  return typeof width === 'number' ? `${width}::${integer}` : widthSql(width);
}
