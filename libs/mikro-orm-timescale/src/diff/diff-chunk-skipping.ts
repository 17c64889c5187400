import { setChunkSkipping } from '../sql/chunk-skipping.ts';
import type { Target } from '../sql/target.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import type { PartialStep } from './diff-hypertable.ts';

type ChunkSkipping = HypertableState['chunkSkipping'];

/**
 * What is no longer wanted goes before MikroORM's own statements, as a column's type may change to one that cannot be
 * skipped by.
 *
 * @param from in the column names that `to` has
 * @param original `from` in the names from before MikroORM's own statements, in the same order
 */
export function diffChunkSkipping(
  target: Target,
  from: ChunkSkipping,
  to: ChunkSkipping,
  original: ChunkSkipping,
): PartialStep[] {
  if (to === undefined) return [];
  const wanted = to || [];
  // Where nothing is known the statement finds out by itself what is too much.
  if (from === undefined) return [{ sql: setChunkSkipping(target, wanted), safety: 'futureChunksOnly', undo: [] }];
  const [present, before] = [from || [], original || []];
  const kept = present.filter((column) => wanted.includes(column));
  const steps: PartialStep[] = [];
  if (kept.length < present.length) {
    const keptBefore = before.filter((_, at) => wanted.includes(present[at] ?? ''));
    const undo = [setChunkSkipping(target, before)];
    steps.push({ sql: setChunkSkipping(target, keptBefore), safety: 'safe', undo, when: 'before' });
  }
  if (kept.length < wanted.length) {
    const undo = [setChunkSkipping(target, kept)];
    steps.push({ sql: setChunkSkipping(target, wanted), safety: 'futureChunksOnly', undo });
  }
  return steps;
}
