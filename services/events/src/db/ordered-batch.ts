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
  const batch = { batchId: randomBytes(8).readBigUInt64BE() >> 1n, requestCount: given.length };
  const places = given.map((_, request) => request).sort((a, b) => compareFirst(given[a], given[b]));
  const events = places.flatMap((request) => given[request] ?? []);
  const requests = places.flatMap((request) => new Array<number>(given[request]?.length ?? 0).fill(request));
  // Mostly so: what one client sends is in order, and what several send is of one moment after the other.
  if (isInOrder(events)) return { ...batch, events, requests };
  return { ...batch, ...sorted(events, requests) };
}

function compareFirst([a]: readonly NewEvent[] = [], [b]: readonly NewEvent[] = []): number {
  return a && b ? compareKeys(a, b) : 0;
}

function isInOrder(events: readonly NewEvent[]): boolean {
  for (let place = 1; place < events.length; place++) {
    if (compareKeys(events[place - 1] as NewEvent, events[place] as NewEvent) >= 0) return false;
  }
  return true;
}

/** Of events with one key the first stays: by the order of the requests, and within each of them. */
function sorted(
  given: readonly NewEvent[],
  givenRequests: readonly number[],
): Pick<OrderedBatch, 'events' | 'requests'> {
  const all = given.map((event, place) => ({ event, request: givenRequests[place] ?? 0, place }));
  all.sort((a, b) => compareKeys(a.event, b.event) || a.request - b.request || a.place - b.place);
  const events: NewEvent[] = [];
  const requests: number[] = [];
  for (const { event, request } of all) {
    const before = events.at(-1);
    if (before && compareKeys(before, event) === 0) continue;
    events.push(event);
    requests.push(request);
  }
  return { events, requests };
}

/** By the time that the client gave: that and the id tell one event from another. */
function compareKeys(a: NewEvent, b: NewEvent): number {
  const byTime = (a.originalTime ?? a.time) - (b.originalTime ?? b.time);
  if (byTime !== 0) return byTime;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
