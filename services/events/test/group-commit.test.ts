import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { StreamEventsRequest, type Event, type StreamEventsResponse } from '@tidemark/contracts/events';
import type { RpcError } from '@tidemark/grpc-kit';
import pg from 'pg';
import { event, startEvents, type Harness } from './harness.ts';

let harness: Harness;
let admin: pg.Client;

beforeEach(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
  admin = new pg.Client({ connectionString: harness.databaseUrl });
  await admin.connect();
});
afterEach(async () => {
  await admin.end();
  await harness.stop();
});

const some = (count: number, fields: Partial<Event> = {}): Event[] =>
  Array.from({ length: count }, (_, second) =>
    event({ at: new Date(Date.UTC(2026, 10, 10) + second * 1_000).toISOString(), ...fields }),
  );

interface Batch {
  number: string;
  event_count: number;
  stored: string;
  inside: string;
}

/** The transactions that stored events, in the order of their commits, with what they say of themselves and what is true. */
async function batches(): Promise<Batch[]> {
  const { rows } = await admin.query<Batch>(
    `SELECT number, event_count, count(event.id) AS stored, count(*) FILTER (WHERE event.time <@ batch.times) AS inside
     FROM events.batches AS batch
     JOIN events.events AS event USING (batch_id)
     GROUP BY number, event_count
     ORDER BY number`,
  );
  return rows;
}

/** Nothing can be stored until it is called. */
async function holdTheWriters(): Promise<() => Promise<unknown>> {
  await admin.query('BEGIN; LOCK TABLE events.batches IN EXCLUSIVE MODE');
  return () => admin.query('COMMIT');
}

/** Resolves when the service has what was sent before: this call needs no database. */
async function arrived(): Promise<void> {
  await expect(harness.events.getEvent({ id: 'none' })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
}

test('calls that come together share transactions, and each gets its own counts', async () => {
  const known = some(1);
  await harness.ingest(...known);
  const replies = await Promise.all(
    Array.from({ length: 300 }, (_, number) => harness.send(...some(1), ...(number % 10 === 0 ? known : []))),
  );
  expect(replies.map(({ stored }) => stored)).toEqual(replies.map(() => 1));
  expect(replies.filter(({ duplicates }) => duplicates === 1)).toHaveLength(30);
  const made = await batches();
  expect(made.length).toBeLessThan(150);
  expect(made.reduce((sum, each) => sum + each.event_count, 0)).toBe(301);
});

test('each transaction has a number and says how many events it stored, and when they are', async () => {
  await harness.ingest(...some(5_000));
  await harness.ingest(event({ at: '2026-09-01T00:00:00Z' }), event({ at: '2026-11-19T00:00:00Z' }));
  await harness.send(...some(3));
  const made = await batches();
  expect(made.map(({ event_count: count }) => count)).toEqual([5_000, 2, 3]);
  for (const each of made) expect(each).toMatchObject({ stored: String(each.event_count), inside: each.stored });
});

test('a lone call waits for nobody', async () => {
  await harness.ingest(...some(1));
  const durations: number[] = [];
  for (let call = 0; call < 20; call++) {
    const began = performance.now();
    await harness.ingest(...some(1));
    durations.push(performance.now() - began);
  }
  // Far from a wait that could be noticed, which the fastest would have too; not a measurement.
  expect(Math.min(...durations)).toBeLessThan(200);
});

test('a caller with much to store does not hold up one with little', async () => {
  const release = await holdTheWriters();
  const stream = harness.events.streamEvents();
  let answered = 0;
  stream.on('data', () => (answered += 1));
  stream.on('error', () => undefined);
  for (let sequence = 1; sequence <= 8; sequence++) {
    stream.write(StreamEventsRequest.fromPartial({ sequence: BigInt(sequence), events: some(5_000) }));
  }
  await sleep(500);
  const lone = harness.send(...some(1));
  await arrived();
  await release();
  expect(await lone).toMatchObject({ stored: 1 });
  expect(answered).toBeLessThan(8);
  stream.end();
  await once(stream, 'end');
  expect(answered).toBe(8);
});

test('many streams at once wait where the queue is full, and none is refused', async () => {
  const release = await holdTheWriters();
  const events = some(60, { properties: { text: 'x'.repeat(31_000) } });
  const streams = Array.from({ length: 12 }, () => harness.events.streamEvents());
  const stored = streams.map(async (stream) => {
    let count = 0;
    stream.on('data', (reply: StreamEventsResponse) => (count += reply.stored + reply.duplicates));
    for (const sequence of [1n, 2n]) stream.write(StreamEventsRequest.fromPartial({ sequence, events }));
    stream.end();
    await once(stream, 'end');
    return count;
  });
  await sleep(1_000);
  await release();
  expect(await Promise.all(stored)).toEqual(streams.map(() => 120));
});

test('what is more than the service keeps in memory is refused at once, and a stream is read no further', async () => {
  const release = await holdTheWriters();
  const large = { properties: { text: 'x'.repeat(31_000) } };
  const outcomes: Promise<number | RpcError>[] = [];
  for (let call = 0; call < 12; call++) {
    outcomes.push(
      harness.send(...some(200, large)).then(
        ({ stored }) => stored,
        (error: unknown) => error as RpcError,
      ),
    );
    await sleep(20);
  }
  const refused = (await Promise.race(outcomes)) as RpcError;
  expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'OVERLOADED' });

  const stream = harness.events.streamEvents();
  stream.on('error', () => undefined);
  let sequence = 0;
  while (stream.write(StreamEventsRequest.fromPartial({ sequence: BigInt(++sequence), events: some(200, large) }))) {
    await sleep(10);
    if (sequence === 20) throw new Error('the stream is read without end');
  }
  await release();
  const all = await Promise.all(outcomes);
  expect(all.filter((outcome) => outcome === 200).length).toBeGreaterThan(3);
  const replies: unknown[] = [];
  stream.on('data', (reply: unknown) => replies.push(reply));
  stream.end();
  await once(stream, 'end');
  expect(replies).toHaveLength(sequence);
});

test('a call that is given up while it waits is not stored', async () => {
  await harness.ingest(...some(1));
  const release = await holdTheWriters();
  // One for each writer: the second one does not wait for others for as long as this.
  const busy = [];
  for (let writer = 0; writer < 2; writer++) {
    busy.push(harness.send(...some(1)));
    await arrived();
    await sleep(100);
  }
  const leaving = new AbortController();
  const request = { events: some(7), sentAt: undefined };
  const left = harness.events.ingestEvents(request, { signal: leaving.signal }).catch((error: unknown) => error);
  await arrived();
  leaving.abort();
  expect(await left).toMatchObject({ code: status.CANCELLED });
  await arrived();
  await release();
  await Promise.all(busy);
  const { rows } = await admin.query<{ count: string }>('SELECT count(*) FROM events.events');
  expect(rows[0]?.count).toBe('3');
});
