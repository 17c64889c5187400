import { createHash } from 'node:crypto';
import type { Chunk } from './chunk.ts';
import { minute, type Micros } from './micros.ts';

/** So long a preview can be acted upon. */
export const previewLifetime: Micros = 10 * minute;

/** The only hypertable whose chunks are dropped by hand. */
const droppable = 'events';

/** Stands for a set of chunks. */
export function digestOf(chunks: readonly Chunk[]): string {
  const names = chunks.map(({ name }) => name).sort();
  return createHash('sha256').update(JSON.stringify(names)).digest('base64url');
}

/** @throws ChunksKept where the chunks of the hypertable are not dropped by hand */
export function checkDroppable(hypertable: string): void {
  if (hypertable !== droppable) throw new ChunksKept(hypertable);
}

export class ChunksKept extends Error {
  constructor(hypertable: string) {
    super(`The chunks of "${hypertable}" are not dropped by hand: only those of "${droppable}" can be.`);
  }
}

/** Other chunks lie in the range than when it was previewed, or the preview is too old. */
export class PreviewOutdated extends Error {
  constructor(problem: 'changed' | 'expired') {
    super(
      problem === 'changed'
        ? 'Other chunks would be dropped than were previewed, and none was dropped: preview again.'
        : 'The preview is over 10 minutes old, and no chunk was dropped: preview again.',
    );
  }
}
