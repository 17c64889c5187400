import { isDeepStrictEqual } from 'node:util';
import * as sql from '../sql/columnstore.ts';
import { alterPolicy } from '../sql/policies.ts';
import type { Target } from '../sql/target.ts';
import type { ColumnstoreState } from '../state/hypertable-state.ts';
import type { PartialStep } from './diff-hypertable.ts';
import { diffPolicy } from './diff-policies.ts';

type Columnstore = false | ColumnstoreState | undefined;

export function diffColumnstore(
  target: Target,
  from: Columnstore,
  to: Columnstore,
  original: Columnstore,
): PartialStep[] {
  if (to === undefined) return [];
  if (to === false) return original === false ? [] : remove(target, original);
  return [...diffSettings(target, from, to), ...diffAfter(target, from, to)];
}

function diffSettings(target: Target, from: Columnstore, to: ColumnstoreState): PartialStep[] {
  if (!from) {
    const undo = from === false ? [sql.convertToRowstore(target), sql.dropColumnstore(target)] : [];
    return [{ sql: sql.setColumnstore(target, to), safety: 'safe', undo }];
  }
  const changed: ColumnstoreState = {
    ...(to.segmentBy && !isDeepStrictEqual(from.segmentBy, to.segmentBy) && { segmentBy: to.segmentBy }),
    ...(to.orderBy && !isDeepStrictEqual(from.orderBy, to.orderBy) && { orderBy: to.orderBy }),
  };
  if (!changed.segmentBy && !changed.orderBy) return [];
  const before: ColumnstoreState = {
    ...(changed.segmentBy && from.segmentBy && { segmentBy: from.segmentBy }),
    ...(changed.orderBy && from.orderBy && { orderBy: from.orderBy }),
  };
  const undo = before.segmentBy || before.orderBy ? [sql.setColumnstore(target, before)] : [];
  return [{ sql: sql.setColumnstore(target, changed), safety: 'futureChunksOnly', undo }];
}

function diffAfter(target: Target, from: Columnstore, to: ColumnstoreState): PartialStep[] {
  return diffPolicy(from && from.after, to.after, {
    add: (after) => sql.addColumnstorePolicy(target, after),
    alter: (after) => alterPolicy(target, 'policy_compression', 'compress_after', after),
    remove: () => sql.removeColumnstorePolicy(target),
  });
}

function remove(target: Target, from: ColumnstoreState | undefined): PartialStep[] {
  const { after } = from ?? {};
  return [
    {
      sql: sql.removeColumnstorePolicy(target),
      safety: 'safe',
      undo: after ? [sql.addColumnstorePolicy(target, after)] : [],
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
