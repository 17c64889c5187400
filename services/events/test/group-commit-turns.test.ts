import { setImmediate } from 'node:timers/promises';
import type { NewEvent } from '../src/domain/event.ts';
import { GroupCommit } from '../src/domain/group-commit.ts';

const { signal } = new AbortController();

/** A request of so many events. */
function some(count: number, fields: Partial<NewEvent> = {}): readonly NewEvent[] {
  const event = { page: '/', userAgent: null, referrer: null, properties: null, originalTime: null, ...fields };
  return new Array<NewEvent>(count).fill(event as NewEvent);
}

/** Queues the requests of callers, each caller's first ones first, and tells the callers of each batch. */
async function batchesOf(queue: Readonly<Record<string, ReadonlyArray<readonly NewEvent[]>>>): Promise<string[][]> {
  const batches: string[][] = [];
  const callers = new Map(Object.entries(queue).flatMap(([caller, all]) => all.map((events) => [events, caller])));
  const write = (requests: ReadonlyArray<readonly NewEvent[]>): Promise<number[]> => {
    batches.push(requests.map((events) => callers.get(events) ?? ''));
    return Promise.resolve(requests.map(({ length }) => length));
  };
  const commits = new GroupCommit({ writers: 1, write });
  await Promise.all(
    Object.entries(queue).flatMap(([caller, all]) =>
      all.map((events) => commits.storeOfStream(caller, events, signal)),
    ),
  );
  return batches;
}

const three = (): ReadonlyArray<readonly NewEvent[]> => Array.from({ length: 3 }, () => some(1_000));

test('a request with corrected times has the turn after the batch that it could not share', async () => {
  const corrected = [some(1, { originalTime: 1 })];
  const batches = await batchesOf({
    a: three(),
    b: three(),
    c: three(),
    corrected,
    d: three(),
    e: three(),
    f: three(),
  });
  const others = ['a', 'b', 'c', 'd', 'e', 'f'];
  expect(batches).toEqual([others, ['corrected'], others, others]);
});

test('a request too large for what is left of a batch begins the next one', async () => {
  const large = [some(5_000)];
  const batches = await batchesOf({ a: three(), b: three(), large, c: three(), d: three(), e: three(), f: three() });
  expect(batches).toEqual([
    ['a', 'b', 'c', 'd', 'e', 'f'],
    ['large', 'a'],
    ['b', 'c', 'd', 'e', 'f', 'a'],
    ['b', 'c', 'd', 'e', 'f'],
  ]);
});

test('a lone request is written in the next turn of the event loop', async () => {
  let written = 0;
  const write = (requests: ReadonlyArray<readonly NewEvent[]>): Promise<number[]> => {
    written += requests.length;
    return Promise.resolve(requests.map(() => 1));
  };
  const stored = new GroupCommit({ writers: 2, write }).store('caller', some(1), signal);
  await setImmediate();
  expect(written).toBe(1);
  expect(await stored).toBe(1);
});
