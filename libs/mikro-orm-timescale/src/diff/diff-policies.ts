import { isAtLeast } from '../interval.ts';
import * as sql from '../sql/policies.ts';
import type { Target } from '../sql/target.ts';
import type { CanonicalWidth, HypertableState } from '../state/hypertable-state.ts';
import type { PartialStep } from './diff-hypertable.ts';
import { diffSchedule, restoreSchedule } from './diff-schedule.ts';

/**
 * A policy with one setting: put there, changed in place so that its job stays the same, or removed. `restore` is what an
 * undo does after `add`.
 */
export function diffPolicy<Setting extends CanonicalWidth>(
  from: false | Setting | undefined,
  to: false | Setting | undefined,
  statements: { add(to: Setting): string; alter(to: Setting): string; remove(): string; restore?: readonly string[] },
): PartialStep[] {
  if (to === undefined || to === from) return [];
  if (to === false) {
    const undo = from === undefined || from === false ? [] : [statements.add(from), ...(statements.restore ?? [])];
    return [{ sql: statements.remove(), safety: 'safe', undo, when: 'before' }];
  }
  const add: PartialStep = { sql: statements.add(to), safety: 'safe', undo: [statements.remove()] };
  const alter: PartialStep = { sql: statements.alter(to), safety: 'safe', undo: from ? [statements.alter(from)] : [] };
  if (from === false) return [add];
  // Where nothing is known the policy may be there already, with another setting.
  return from === undefined ? [{ ...add, undo: [] }, alter] : [alter];
}

export function diffRetention(
  target: Target,
  from: HypertableState['retention'],
  to: HypertableState['retention'],
): PartialStep[] {
  const [before, after] = [from && from.dropAfter, to && to.dropAfter];
  const steps = diffPolicy(before, after, {
    add: (dropAfter) => sql.addRetention(target, dropAfter),
    alter: (dropAfter) => sql.alterPolicy(target, 'policy_retention', 'drop_after', dropAfter),
    remove: () => sql.removeRetention(target),
  });
  // What takes a removal or a longer time back would let the policy drop rows: there is no undo for these.
  if (!after) return steps.map((step) => ({ ...step, undo: [] }));
  const keepsMore = before !== undefined && before !== false && isAtLeast(after, before);
  return [
    ...steps.map((step): PartialStep => (keepsMore ? { ...step, undo: [] } : { ...step, safety: 'destructive' })),
    ...diffSchedule(target, 'policy_retention', from, to),
  ];
}

export function diffReorder(
  target: Target,
  from: HypertableState['reorder'],
  to: HypertableState['reorder'],
): PartialStep[] {
  const steps = diffPolicy(from && from.index, to && to.index, {
    add: (index) => sql.addReorder(target, index),
    alter: (index) => sql.alterPolicy(target, 'policy_reorder', 'index_name', index),
    remove: () => sql.removeReorder(target),
    restore: restoreSchedule(target, 'policy_reorder', from),
  });
  return [...steps, ...diffSchedule(target, 'policy_reorder', from, to)];
}
