import type { CanonicalWidth } from '../state/hypertable-state.ts';
import { identifier, isOf, literal, on, widthSql, type Target } from './target.ts';

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
  procedure: 'policy_retention' | 'policy_compression' | 'policy_reorder',
  setting: 'drop_after' | 'compress_after' | 'index_name',
  value: CanonicalWidth,
): string {
  const json = typeof value === 'number' ? `to_jsonb(${value}::bigint)` : `to_jsonb(${literal(value)}::text)`;
  const config = `jsonb_set(config, '{${setting}}', ${json})`;
  return (
    `select ${identifier(target.functions)}.alter_job(job_id, config => ${config}) from timescaledb_information.jobs ` +
    `where proc_name = '${procedure}' and ${isOf(target)}`
  );
}
