import type { NewEvent } from '../domain/event.ts';
import type { Micros } from '../domain/micros.ts';
import { stretchesOf } from './stretches.ts';
import { timestamptz } from './timestamptz.ts';

/** The last statement of a transaction that stores events: it gives the batch its number and wakes who waits for it. */
export function closeBatch(batchId: bigint, stored: readonly NewEvent[]): string {
  const stretches = stretchesOf(stored.map(({ time }) => time).sort((a, b) => a - b));
  return `SELECT events.close_batch(${batchId}, ${stored.length}, '${stretches}', '${sentRange(stored)}')`;
}

/** From the first to the last time that clients gave, and that was stored in its place. */
function sentRange(events: readonly NewEvent[]): string {
  let first: Micros = Infinity;
  let last: Micros = -Infinity;
  for (const { time, originalTime } of events) {
    first = Math.min(first, time, originalTime ?? time);
    last = Math.max(last, time, originalTime ?? time);
  }
  return `[${timestamptz(first)},${timestamptz(last)}]`;
}
