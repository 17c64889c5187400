import { sqlStateOf } from '@tidemark/grpc-kit';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type pg from 'pg';
import type { NewEvent } from '../domain/event.ts';
import { closeBatch } from './close-batch.ts';
import { connect, ignore, orAborted } from './connection.ts';
import { copyIn } from './copy-in.ts';
import { copiedColumns, copyRows } from './copy-rows.ts';
import { insertMissing } from './insert-missing.ts';
import { inOrder, type OrderedBatch } from './ordered-batch.ts';

/**
 * Stores the events of several requests that are not there yet, all in one transaction, and answers how many of each
 * request these were. Of two with one key the first stays.
 *
 * COPY is the fastest way in, but it fails as a whole at the first duplicate; only then the events go the slower way,
 * which passes over those that are there. So do events whose time is corrected.
 */
export async function storeEvents(pool: pg.Pool, requests: ReadonlyArray<readonly NewEvent[]>): Promise<number[]> {
  const batch = inOrder(requests);
  return triedAgain(() => storeOnce(pool, batch), storedOtherwise);
}

async function storeOnce(pool: pg.Pool, batch: OrderedBatch): Promise<number[]> {
  const client = await connect(pool, AbortSignal.timeout(limitMs));
  try {
    const storing = store(client, batch);
    const stored = await orAborted(AbortSignal.timeout(limitMs), storing, () => void storing.catch(ignore));
    client.release();
    return stored;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

// A database that is frozen, or a lock that somebody keeps, must not keep a connection for ever.
const limitMs = 30_000;
// What events.close_batch raises where an event is, or may be, there with its time corrected, or uncorrected.
const storedOtherwise = 'TM001';
// https://www.postgresql.org/docs/17/errcodes-appendix.html: unique_violation
const met = new Set(['23505', storedOtherwise]);

async function store(client: pg.PoolClient, batch: OrderedBatch): Promise<number[]> {
  const insert = async (): Promise<number[]> => countByRequest(batch, await insertMissing(client, batch));
  // Where one time of a batch is corrected, all are: requests are put together by that.
  if (batch.events[0]?.originalTime !== null) return insert();
  try {
    await copyEvents(client, batch);
    return countByRequest(batch);
  } catch (error) {
    if (!met.has(sqlStateOf(error))) throw error;
    return insert();
  }
}

async function copyEvents(client: pg.PoolClient, { batchId, events }: OrderedBatch): Promise<void> {
  const statements = `COPY events.events (${copiedColumns}) FROM STDIN (FORMAT binary); ${closeBatch(batchId, events)}`;
  await copyIn(client, statements, copyRows(events, batchId));
}

/** @param stored places in the batch; absent: all of them */
function countByRequest({ requests, requestCount }: OrderedBatch, stored?: ReadonlySet<number>): number[] {
  const counts = new Array<number>(requestCount).fill(0);
  requests.forEach((request, place) => {
    if (!stored || stored.has(place)) counts[request] = (counts[request] ?? 0) + 1;
  });
  return counts;
}
