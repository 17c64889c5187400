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
  const settings: [string, string][] = [
    ['start_offset', offsetSql(start)],
    ['end_offset', offsetSql(end)],
    ...(bucketsPerBatch === undefined ? [] : [setting('buckets_per_batch', bucketsPerBatch)]),
    ...(maxBatchesPerExecution === undefined ? [] : [setting('max_batches_per_execution', maxBatchesPerExecution)]),
    ...(refreshNewestFirst === undefined ? [] : [setting('refresh_newest_first', refreshNewestFirst)]),
  ];
  // An interval goes in as PostgreSQL spells it, as it does where the policy is added.
  const json = settings.map(([name, value]) => `${literal(name)}, ${value}`).join(', ');
  const config = `config => config || jsonb_build_object(${json})`;
  return alterJob(target, 'policy_refresh_continuous_aggregate', [config, keptTimeZone]);
}

function setting(name: string, value: number | boolean): [string, string] {
  return [name, String(value)];
}

function offsetSql(width: CanonicalWidth | null, integer = 'bigint'): string {
  if (width === null) return 'null';
  return typeof width === 'number' ? `${width}::${integer}` : widthSql(width);
}
