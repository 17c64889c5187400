import { ImpossibleChange } from '../faults.ts';
import * as sql from '../sql/hypertable.ts';
import { relation, type Target } from '../sql/target.ts';
import type { DimensionState } from '../state/hypertable-state.ts';
import type { PartialStep } from './diff-hypertable.ts';

export function diffDimensions(
  target: Target,
  from: readonly DimensionState[] | undefined,
  to: readonly DimensionState[] | undefined,
): PartialStep[] {
  if (!to) return [];
  const gone = from?.find(({ column }) => !to.some((wanted) => wanted.column === column));
  if (gone) {
    throw new ImpossibleChange(
      relation(target),
      `it is partitioned by "${gone.column}" too, and TimescaleDB cannot take a dimension away`,
      'Keep it in dimensions, or make a new table and copy the rows',
    );
  }
  return to.flatMap((wanted) => {
    const present = from?.find(({ column }) => column === wanted.column);
    if (present && present.kind !== wanted.kind) {
      throw new ImpossibleChange(
        relation(target),
        `"${wanted.column}" is a ${present.kind} dimension, and TimescaleDB cannot make it a ${wanted.kind}`,
        'Make a new table and copy the rows',
      );
    }
    return diffDimension(target, present, wanted, from !== undefined);
  });
}

function diffDimension(
  target: Target,
  from: DimensionState | undefined,
  to: DimensionState,
  known: boolean,
): PartialStep[] {
  const add: PartialStep = { sql: sql.addDimension(target, to), safety: 'futureChunksOnly', undo: [] };
  if (from && widthOf(from) === widthOf(to)) return [];
  if (from) return [{ sql: alter(target, to), safety: 'futureChunksOnly', undo: [alter(target, from)] }];
  // Where nothing is known it may be there already, with another width.
  return known ? [add] : [add, { sql: alter(target, to), safety: 'futureChunksOnly', undo: [] }];
}

function alter(target: Target, dimension: DimensionState): string {
  return dimension.kind === 'hash'
    ? sql.setPartitions(target, dimension)
    : sql.setChunkInterval(target, dimension.interval, dimension.column);
}

function widthOf(dimension: DimensionState): string | number {
  return dimension.kind === 'hash' ? dimension.partitions : dimension.interval;
}
