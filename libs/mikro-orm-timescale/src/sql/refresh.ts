import type { RefreshState } from '../state/aggregate-state.ts';
import type { CanonicalWidth } from '../state/hypertable-state.ts';
import { alterJob, keptTimeZone } from './policies.ts';
import { literal, on, widthSql, type Target } from './target.ts';

/** @param integer the type of a column that is not a time: its offsets have to be of the same */
export function addRefresh(target: Target, state: RefreshState, integer: string | undefined): string {
  const { start, end, schedule, bucketsPerBatch, maxBatchesPerExecution, refreshNewestFirst } = state;
  return `select ${on(
    target,
    'add_continuous_aggregate_policy',
    `start_offset => ${offsetSql(start, integer)}`,
    `end_offset => ${offsetSql(end, integer)}`,
    `schedule_interval => ${widthSql(schedule.every)}`,
    'if_not_exists => true',
    ...(bucketsPerBatch === undefined ? [] : [`buckets_per_batch => ${bucketsPerBatch}`]),
    ...(maxBatchesPerExecution === undefined ? [] : [`max_batches_per_execution => ${maxBatchesPerExecution}`]),
    ...(refreshNewestFirst === undefined ? [] : [`refresh_newest_first => ${refreshNewestFirst}`]),
  )}`;
}

export function removeRefresh(target: Target): string {
  return `select ${on(target, 'remove_continuous_aggregate_policy', 'if_exists => true')}`;
}

/** Changes the policy where it is, so that its job keeps number, schedule and history. */
export function alterRefresh(target: Target, state: RefreshState): string {
  const { start, end, bucketsPerBatch, maxBatchesPerExecution, refreshNewestFirst } = state;
  const settings: Record<string, CanonicalWidth | boolean | null> = {
    start_offset: start,
    end_offset: end,
    ...(bucketsPerBatch !== undefined && { buckets_per_batch: bucketsPerBatch }),
    ...(maxBatchesPerExecution !== undefined && { max_batches_per_execution: maxBatchesPerExecution }),
    ...(refreshNewestFirst !== undefined && { refresh_newest_first: refreshNewestFirst }),
  };
  const config = `config => config || ${literal(JSON.stringify(settings))}::jsonb`;
  return alterJob(target, 'policy_refresh_continuous_aggregate', [config, keptTimeZone]);
}

function offsetSql(width: CanonicalWidth | null, integer = 'bigint'): string {
  if (width === null) return 'null';
  return typeof width === 'number' ? `${width}::${integer}` : widthSql(width);
}
