import { isDeepStrictEqual } from 'node:util';
import { ImpossibleChange } from '../faults.ts';
import * as sql from '../sql/columnstore.ts';
import { alterPolicy } from '../sql/policies.ts';
import { relation, type Target } from '../sql/target.ts';
import type { ColumnstoreState } from '../state/hypertable-state.ts';
import type { PartialStep } from './diff-hypertable.ts';
import { diffPolicy } from './diff-policies.ts';
import { diffSchedule, restoreSchedule } from './diff-schedule.ts';

type Columnstore = false | ColumnstoreState | undefined;

export function diffColumnstore(
  target: Target,
  from: Columnstore,
  to: Columnstore,
  original: Columnstore,
): PartialStep[] {
  if (to === undefined) return [];
  if (to === false) return original === false ? [] : remove(target, original);
  return [
    ...diffSettings(target, from, to),
    ...diffAfter(target, from, to),
    ...diffSchedule(target, 'policy_compression', from, to),
  ];
}

function diffSettings(target: Target, from: Columnstore, to: ColumnstoreState): PartialStep[] {
  if (!from) {
    const undo = from === false ? [sql.convertToRowstore(target), sql.dropColumnstore(target)] : [];
    return [{ sql: sql.setColumnstore(target, to), safety: 'safe', undo }];
  }
  const changed: ColumnstoreState = {
    ...(to.segmentBy && !isDeepStrictEqual(from.segmentBy, to.segmentBy) && { segmentBy: to.segmentBy }),
    ...(to.orderBy && !isDeepStrictEqual(from.orderBy, to.orderBy) && { orderBy: to.orderBy }),
    ...(to.sparseIndexes !== undefined &&
      !isDeepStrictEqual(from.sparseIndexes, to.sparseIndexes) && { sparseIndexes: to.sparseIndexes }),
  };
  if (Object.keys(changed).length === 0) return [];
  refuseSparseConflict(target, { ...from, ...changed });
  return [
    { sql: sql.setColumnstore(target, changed), safety: 'futureChunksOnly', undo: undoOf(target, from, changed) },
  ];
}

function undoOf(target: Target, from: ColumnstoreState, changed: ColumnstoreState): string[] {
  const before: ColumnstoreState = {
    ...(changed.segmentBy && from.segmentBy && { segmentBy: from.segmentBy }),
    ...(changed.orderBy && from.orderBy && { orderBy: from.orderBy }),
    ...(changed.sparseIndexes !== undefined &&
      from.sparseIndexes !== undefined && { sparseIndexes: from.sparseIndexes }),
  };
  // Those of now could stand in the way of what was before.
  const chosenByTimescale = changed.sparseIndexes !== undefined && from.sparseIndexes === undefined;
  return [
    ...(chosenByTimescale ? [sql.resetSparseIndexes(target)] : []),
    ...(Object.keys(before).length > 0 ? [sql.setColumnstore(target, before)] : []),
  ];
}

/** A sparse index that the model does not speak of can be on a column that it orders or segments by. */
function refuseSparseConflict(target: Target, { segmentBy = [], orderBy = [], sparseIndexes }: ColumnstoreState): void {
  const ordered = orderBy.map(({ column }) => column);
  const conflict = (sparseIndexes || []).find(
    ({ kind, column }) => segmentBy.includes(column) || (kind === 'bloom' && ordered.includes(column)),
  );
  if (!conflict) return;
  throw new ImpossibleChange(
    relation(target),
    `"${conflict.column}" has a ${conflict.kind} index, which a column of segmentBy or orderBy cannot have`,
    'Say which there shall be in columnstore.sparseIndexes',
  );
}

function diffAfter(target: Target, from: Columnstore, to: ColumnstoreState): PartialStep[] {
  return diffPolicy(from && from.after, to.after, {
    add: (after) => sql.addColumnstorePolicy(target, after),
    alter: (after) => alterPolicy(target, 'policy_compression', 'compress_after', after),
    remove: () => sql.removeColumnstorePolicy(target),
    restore: restoreSchedule(target, 'policy_compression', from),
  });
}

function remove(target: Target, from: ColumnstoreState | undefined): PartialStep[] {
  const { after } = from ?? {};
  return [
    {
      sql: sql.removeColumnstorePolicy(target),
      safety: 'safe',
      undo: after
        ? [sql.addColumnstorePolicy(target, after), ...restoreSchedule(target, 'policy_compression', from)]
        : [],
      when: 'before',
    },
    { sql: sql.convertToRowstore(target), safety: 'rewrite', undo: [], when: 'before' },
    {
      sql: sql.dropColumnstore(target),
      safety: 'safe',
      undo: from ? [sql.setColumnstore(target, from)] : [],
      when: 'before',
    },
  ];
}
