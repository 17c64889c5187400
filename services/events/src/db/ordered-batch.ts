import { randomBytes } from 'node:crypto';
import type { NewEvent } from '../domain/event.ts';

/** The events of several requests, in the order of their key, each key once. */
export interface OrderedBatch {
  readonly batchId: bigint;
  readonly events: readonly NewEvent[];
  /** Of each event the place of its request. */
  readonly requests: readonly number[];
  readonly requestCount: number;
}

/** Two writers that insert the same keys in the same order wait for each other; in any other order they can deadlock. */
export function inOrder(given: ReadonlyArray<readonly NewEvent[]>): OrderedBatch {
  const batchId = randomBytes(8).readBigUInt64BE() >> 1n;
  const requestCount = given.length;
  const [first = []] = given;
  // Mostly so: what one client sends is in order.
  if (requestCount === 1 && isInOrder(first)) {
    return { batchId, events: first, requests: new Array<number>(first.length).fill(0), requestCount };
  }
  const all = given.flatMap((events, request) => events.map((event) => ({ event, request })));
  all.sort((a, b) => compareKeys(a.event, b.event));
  const events: NewEvent[] = [];
  const requests: number[] = [];
  for (const { event, request } of all) {
    const before = events.at(-1);
    if (before && compareKeys(before, event) === 0) continue;
    events.push(event);
    requests.push(request);
  }
  return { batchId, events, requests, requestCount };
}

function isInOrder(events: readonly NewEvent[]): boolean {
  for (let place = 1; place < events.length; place++) {
    if (compareKeys(events[place - 1] as NewEvent, events[place] as NewEvent) >= 0) return false;
  }
  return true;
}

/** By the time that the client gave: that and the id tell one event from another. */
function compareKeys(a: NewEvent, b: NewEvent): number {
  const byTime = (a.originalTime ?? a.time) - (b.originalTime ?? b.time);
  if (byTime !== 0) return byTime;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
