import { isDeepStrictEqual } from 'node:util';
import * as sql from '../sql/aggregate.ts';
import type { Target } from '../sql/target.ts';
import {
  isRemoved,
  usesColumn,
  withSourceNames,
  type AggregateState,
  type Aggregate,
} from '../state/aggregate-state.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import { carryOver } from './carry-over.ts';
import { configureAggregate, untouchedAggregate } from './diff-aggregate.ts';
import type { PartialStep } from './diff-hypertable.ts';
import type { Step } from './step.ts';

/** What the aggregates of one hypertable shall be; each after those that it reads. */
export interface Aggregates {
  aggregates: readonly Aggregate[];
  /** Of the hypertable. */
  retention: HypertableState['retention'];
}

/** What they are, in column names from before MikroORM's own statements. */
export interface PresentAggregates extends Aggregates {
  /** The columns of the hypertable that get other names. */
  names: ReadonlyMap<string, string>;
  /** Those that get another type, in their new names: a view that uses one does not allow it. */
  retyped: ReadonlySet<string>;
}

/**
 * What leads from one to the other. An aggregate that reads something else than before is dropped and made anew, and
 * with it each that stands on it; what the model leaves unsaid comes along from the old one.
 */
export function diffAggregates(hypertable: Target, from: PresentAggregates, to: Aggregates): Step[] {
  const again = new Set<string>();
  const retention = to.retention ?? from.retention;
  const steps = to.aggregates.map((wanted) => {
    const target = targetOf(hypertable, wanted);
    const present = from.aggregates.find(({ view }) => view === wanted.view);
    if (isRemoved(wanted)) return present && isRemoved(present) ? [] : drop(target, present);
    if (!present || isRemoved(present)) return create(target, wanted, retention);
    if (!again.has(wanted.source) && readsTheSame(present, wanted, from, hypertable.table)) {
      return finish(target, configureAggregate(target, present, wanted, retention));
    }
    again.add(wanted.view);
    return [...drop(target, present), ...create(target, carryOver(present, wanted), retention)];
  });
  // Those that stand on others are dropped before them and made after them.
  const before = to.aggregates.map(({ view }) => from.aggregates.findIndex((each) => each.view === view));
  const dropped = steps
    .map((each, at) => ({ steps: each.filter(({ when }) => when === 'before'), before: before[at] ?? -1 }))
    .sort((a, b) => b.before - a.before)
    .map((each) => each.steps);
  const made = steps.map((each) => each.filter(({ when }) => when !== 'before'));
  return [...dropped, ...made].flat();
}

/**
 * For a hypertable that has none yet.
 *
 * @param elsewhere those of them that stand on another one
 */
export function createAggregates(
  hypertable: Target,
  elsewhere: readonly Aggregate[],
  { aggregates, retention }: Aggregates,
): Step[] {
  const nothing = { names: new Map<string, string>(), retyped: new Set<string>(), retention: undefined };
  const wanted = aggregates.filter((each) => !isRemoved(each));
  return diffAggregates(hypertable, { ...nothing, aggregates: elsewhere }, { aggregates: wanted, retention });
}

function targetOf(hypertable: Target, { view }: Aggregate): Target {
  return { ...hypertable, table: view, view: true };
}

function readsTheSame(
  present: AggregateState,
  wanted: AggregateState,
  { names, retyped }: PresentAggregates,
  hypertable: string,
): boolean {
  if (present.source !== wanted.source) return false;
  if (wanted.source !== hypertable) return isDeepStrictEqual(present.query, wanted.query);
  if ([...retyped].some((column) => usesColumn(wanted.query, column))) return false;
  return isDeepStrictEqual(withSourceNames(present.query, names), wanted.query);
}

function create(target: Target, to: AggregateState, retention: HypertableState['retention']): Step[] {
  const made = sql.createAggregate(target, to);
  const rest = configureAggregate(target, untouchedAggregate(to), to, retention);
  return finish(target, [
    { sql: made, safety: 'safe', undo: [sql.refuseBuckets(target), sql.dropAggregate(target)] },
    // With the aggregate its settings go: only dropping it takes anything back.
    ...rest.map((step): PartialStep => ({ ...step, safety: 'safe', undo: [], when: 'after' })),
  ]);
}

function drop(target: Target, from: Aggregate | undefined): Step[] {
  const undo = from && !isRemoved(from) ? create(target, from, undefined).map((step) => step.sql) : [];
  return finish(target, [{ sql: sql.dropAggregate(target), safety: 'destructive', undo, when: 'before' }]);
}

function finish(target: Target, steps: readonly PartialStep[]): Step[] {
  const { schema, table } = target;
  const hypertable = schema === undefined ? table : `${schema}.${table}`;
  return steps.map((step) => ({ when: 'after', ...step, hypertable }));
}
