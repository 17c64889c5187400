import { isDeepStrictEqual } from 'node:util';
import { isAtLeast } from '../interval.ts';
import * as sql from '../sql/aggregate.ts';
import { setChunkInterval } from '../sql/hypertable.ts';
import { addRefresh, alterRefresh, removeRefresh } from '../sql/refresh.ts';
import type { Target } from '../sql/target.ts';
import type { AggregateState, RefreshState } from '../state/aggregate-state.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import { diffColumnstore } from './diff-columnstore.ts';
import type { PartialStep } from './diff-hypertable.ts';
import { diffRetention } from './diff-policies.ts';
import { diffSchedule, restoreSchedule } from './diff-schedule.ts';

/**
 * What changes the settings of an aggregate whose query stays as it is.
 *
 * @param sourceRetention of the hypertable, as far as it is known
 */
export function configureAggregate(
  target: Target,
  from: AggregateState,
  to: AggregateState,
  sourceRetention: HypertableState['retention'],
): PartialStep[] {
  const refresh = diffRefresh(target, from, to, sourceRetention);
  return [
    ...diffRealtime(target, from.realtime, to.realtime),
    ...diffChunkInterval(target, from.chunkInterval, to.chunkInterval),
    ...diffIndexes(target, from.indexes, to.indexes),
    // A columnstore policy is only where a refresh is: it comes after it, and goes before it.
    ...refresh.filter(({ when }) => when !== 'before'),
    ...diffColumnstore(target, from.columnstore, to.columnstore, from.columnstore),
    ...refresh.filter(({ when }) => when === 'before'),
    ...diffRetention(target, from.retention, to.retention),
  ];
}

/** What CREATE makes of it; the rest is up to TimescaleDB. */
export function untouchedAggregate({
  view,
  source,
  query,
  integer,
  realtime,
  indexes,
}: AggregateState): AggregateState {
  return {
    view,
    source,
    query,
    ...(integer !== undefined && { integer }),
    ...(realtime !== undefined && { realtime }),
    ...(indexes !== undefined && { indexes: [] }),
    refresh: false,
    columnstore: false,
    retention: false,
  };
}

function diffRealtime(target: Target, from: boolean | undefined, to: boolean | undefined): PartialStep[] {
  if (to === undefined || from === to) return [];
  const undo = from === undefined ? [] : [sql.setRealtime(target, from)];
  return [{ sql: sql.setRealtime(target, to), safety: 'safe', undo }];
}

function diffChunkInterval(
  target: Target,
  from: AggregateState['chunkInterval'],
  to: AggregateState['chunkInterval'],
): PartialStep[] {
  if (to === undefined || from === to) return [];
  const undo = from === undefined ? [] : [setChunkInterval(target, from)];
  return [{ sql: setChunkInterval(target, to), safety: 'futureChunksOnly', undo }];
}

function diffIndexes(target: Target, from: AggregateState['indexes'], to: AggregateState['indexes']): PartialStep[] {
  if (!to) return [];
  const isIn = (index: unknown, all: AggregateState['indexes']): boolean =>
    all?.some((each) => isDeepStrictEqual(each, index)) ?? false;
  const gone = (from ?? []).filter((index) => !isIn(index, to));
  const made = to.filter((index) => !isIn(index, from));
  const clear: PartialStep = { sql: sql.dropIndexes(target), safety: 'safe', undo: [], when: 'before' };
  return [
    ...(from ? [] : [clear]),
    ...gone.map((index): PartialStep => ({
      sql: sql.dropIndex(target, index),
      safety: 'safe',
      undo: [sql.createIndex(target, index)],
      when: 'before',
    })),
    ...made.map((index): PartialStep => ({
      sql: sql.createIndex(target, index),
      safety: 'safe',
      undo: [sql.dropIndex(target, index)],
    })),
  ];
}

function diffRefresh(
  target: Target,
  { refresh: from }: AggregateState,
  { refresh: to, integer }: AggregateState,
  sourceRetention: HypertableState['retention'],
): PartialStep[] {
  if (to === undefined) return [];
  const procedure = 'policy_refresh_continuous_aggregate';
  if (to === false) {
    if (from === false) return [];
    const back = from && !emptiesBuckets(from, sourceRetention) && from;
    const undo = back ? [addRefresh(target, back, integer), ...restoreSchedule(target, procedure, back)] : [];
    return [{ sql: removeRefresh(target), safety: 'safe', undo, when: 'before' }];
  }
  const safety = emptiesBuckets(to, sourceRetention) ? 'destructive' : 'safe';
  const add: PartialStep = { sql: addRefresh(target, to, integer), safety, undo: [removeRefresh(target)] };
  const { every } = to.schedule;
  if (from === false) return [add, ...diffSchedule(target, procedure, { schedule: { every } }, to)];
  // An undo loses no buckets either.
  const undo = from && !emptiesBuckets(from, sourceRetention) ? [alterRefresh(target, from)] : [];
  const alter: PartialStep = { sql: alterRefresh(target, to), safety, undo };
  const schedule = diffSchedule(target, procedure, from, to);
  if (from) return [...(hasSameWindow(from, to) ? [] : [alter]), ...schedule];
  // Where nothing is known the policy may be there already, with other settings.
  return [{ ...add, undo: [] }, alter, ...schedule];
}

function hasSameWindow(from: RefreshState, to: RefreshState): boolean {
  return isDeepStrictEqual({ ...from, schedule: {} }, { ...from, ...to, schedule: {} });
}

/** A refresh over rows that the source's retention has dropped empties their buckets. */
function emptiesBuckets({ start }: RefreshState, retention: HypertableState['retention']): boolean {
  return Boolean(retention && (start === null || !isAtLeast(retention.dropAfter, start)));
}
