import { ImpossibleChange } from '../faults.ts';
import * as sql from '../sql/hypertable.ts';
import type { Target } from '../sql/target.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import { diffChunkSkipping } from './diff-chunk-skipping.ts';
import { diffColumnstore } from './diff-columnstore.ts';
import { diffDimensions } from './diff-dimensions.ts';
import { diffReorder, diffRetention } from './diff-policies.ts';
import type { Step } from './step.ts';

/** A step as the parts of the diff make it: they know nothing of names and only of exceptions from "after". */
export type PartialStep = Omit<Step, 'hypertable' | 'when'> & { when?: Step['when'] };

/** For a table that is created in the same go; everything on an empty table is safe. */
export function createSteps(target: Target, to: HypertableState): Step[] {
  const create: PartialStep = {
    sql: sql.createHypertable(target, to),
    safety: 'safe',
    undo: [],
    when: 'create',
  };
  const dimensions = diffDimensions(target, [], to.dimensions).map((step) => ({ ...step, when: 'create' as const }));
  const rest = [...integerNow(target, undefined, to), ...configure(target, untouched(to), to)];
  return [create, ...dimensions, ...rest].map((step) => finish(target, { ...step, safety: 'safe', undo: [] }));
}

/** For a table that exists and is not a hypertable. */
export function convertSteps(target: Target, to: HypertableState): Step[] {
  const convert: PartialStep = {
    sql: sql.createHypertable(target, to, { migrateData: true }),
    safety: 'rewrite',
    undo: [],
  };
  const names: PartialStep = { sql: sql.nameIndexColumns(target), safety: 'safe', undo: [] };
  const rest = [...diffDimensions(target, [], to.dimensions), ...integerNow(target, undefined, to)];
  return [names, convert, ...rest, ...configure(target, untouched(to), to)].map((step) => finish(target, step));
}

/**
 * What leads from one state to the other, in order.
 *
 * @param from in the column names that `to` has
 * @param original `from` in the names from before MikroORM's own statements
 * @throws ImpossibleChange
 */
export function diffHypertable(
  target: Target,
  from: HypertableState,
  to: HypertableState,
  original: HypertableState,
): Step[] {
  if (from.by.column !== to.by.column) {
    throw new ImpossibleChange(
      nameOf(target),
      `it is partitioned by "${from.by.column}", and TimescaleDB cannot change that to "${to.by.column}"`,
      'Make a new table and copy the rows',
    );
  }
  const dimensions = diffDimensions(target, from.dimensions, to.dimensions);
  const names: PartialStep = { sql: sql.nameIndexColumns(target), safety: 'safe', undo: [] };
  return [
    ...diffChunkInterval(target, from, to),
    ...(isAdded(from, to) ? [names] : []),
    ...dimensions,
    ...integerNow(target, from, to),
    ...configure(target, from, to, original),
  ].map((step) => finish(target, step));
}

function configure(target: Target, from: HypertableState, to: HypertableState, original = from): PartialStep[] {
  return [
    ...diffColumnstore(target, from.columnstore, to.columnstore, original.columnstore),
    ...diffChunkSkipping(target, from.chunkSkipping, to.chunkSkipping, original.chunkSkipping),
    ...diffRetention(target, from.retention, to.retention),
    ...diffReorder(target, from.reorder, to.reorder),
  ];
}

function isAdded(from: HypertableState, to: HypertableState): boolean {
  const present = from.dimensions?.map(({ column }) => column) ?? [];
  return to.dimensions?.some(({ column }) => !present.includes(column)) ?? false;
}

function diffChunkInterval(target: Target, { by: from }: HypertableState, { by: to }: HypertableState): PartialStep[] {
  if (to.interval === undefined || to.interval === from.interval) return [];
  return [
    {
      sql: sql.setChunkInterval(target, to.interval),
      safety: 'futureChunksOnly',
      undo: from.interval === undefined ? [] : [sql.setChunkInterval(target, from.interval)],
    },
  ];
}

function integerNow(target: Target, from: HypertableState | undefined, to: HypertableState): PartialStep[] {
  const [before, now] = [from?.integerNow, to.integerNow];
  if (!now || (before?.schema === now.schema && before.name === now.name)) return [];
  return [
    { sql: sql.setIntegerNow(target, now), safety: 'safe', undo: before ? [sql.setIntegerNow(target, before)] : [] },
  ];
}

/** What create_hypertable makes. */
function untouched({ by }: HypertableState): HypertableState {
  return { by, dimensions: [], columnstore: false, chunkSkipping: false, retention: false, reorder: false };
}

function finish(target: Target, step: PartialStep): Step {
  return { when: 'after', ...step, hypertable: nameOf(target) };
}

function nameOf({ schema, table }: Target): string {
  return schema === undefined ? table : `${schema}.${table}`;
}
