import type pg from 'pg';
import type { NewEvent } from '../domain/event.ts';
import { stretchesOf } from './stretches.ts';
import { timestamptz } from './timestamptz.ts';

/**
 * The last statement of a transaction that stores events: it gives the batch its number and wakes who waits for it. For
 * events whose times are as their clients gave them; where one is, or may be, stored corrected as well, it raises TM001.
 */
export function closeBatch(batchId: bigint, stored: readonly NewEvent[]): string {
  return `SELECT events.close_batch(${batchId}, ${stored.length}, '${stretches(stored)}', NULL, NULL)`;
}

/** The same for events of all kinds: each is looked up, so that TM001 comes only where one is stored otherwise. */
export async function closeBatchByKey(
  client: pg.PoolClient,
  batchId: bigint,
  stored: readonly NewEvent[],
): Promise<void> {
  await client.query('SELECT events.close_batch($1, $2, $3, $4, $5)', [
    String(batchId),
    stored.length,
    stretches(stored),
    stored.map(({ time, originalTime }) => timestamptz(originalTime ?? time)),
    stored.map(({ id }) => id),
  ]);
}

function stretches(stored: readonly NewEvent[]): string {
  return stretchesOf(stored.map(({ time }) => time).sort((a, b) => a - b));
}
