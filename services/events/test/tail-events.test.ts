import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { TailEventsRequest, type TailEventsResponse } from '@tidemark/contracts/events';
import { testServerUrl, until, type TestDatabase } from '@tidemark/testing';
import pg from 'pg';
import { event, eventsDatabase, startEvents, type Harness } from './harness.ts';
import { StreamProcess } from './stream-process.ts';

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one backend.');
const onRealServer = testServerUrl ? test : test.skip;

const clock = (): number => Date.parse('2026-11-20T00:00:00Z') * 1_000;
let database: TestDatabase;
let instances: [Harness, Harness];
let admin: pg.Client;

beforeAll(async () => {
  database = await eventsDatabase();
  const shared = { url: database.url, stop: () => Promise.resolve() };
  instances = [await startEvents({ database: shared, clock }), await startEvents({ database: shared, clock })];
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
afterAll(async () => {
  for (const instance of instances) await instance.stop();
  await admin.end();
  await database.stop();
});

type Asked = Parameters<typeof TailEventsRequest.fromPartial>[0];

/** A tail that is under way: it has had its first message. */
async function tailing(asked: Asked = {}, { events }: Harness = instances[0]): Promise<Tail> {
  const tail = new Tail(events, asked);
  await tail.next();
  return tail;
}

class Tail {
  cursor = '';
  readonly #stream: AsyncIterator<TailEventsResponse>;

  constructor(events: Harness['events'], asked: Asked) {
    this.#stream = events.tailEvents(TailEventsRequest.fromPartial(asked))[Symbol.asyncIterator]();
  }

  /** The id of the next message's event, if it has one. */
  async next(): Promise<string | undefined> {
    const { value } = (await this.#stream.next()) as IteratorYieldResult<TailEventsResponse>;
    this.cursor = value.cursor;
    return value.event?.id;
  }

  async events(count: number): Promise<string[]> {
    const ids: string[] = [];
    while (ids.length < count) ids.push(...[await this.next()].filter((id) => id !== undefined));
    return ids;
  }

  async stop(): Promise<void> {
    await this.#stream.return?.();
  }
}

const ids = (events: ReadonlyArray<{ id: string }>): string[] => events.map(({ id }) => id);
const several = (count: number, fields: Parameters<typeof event>[0] = {}): ReturnType<typeof event>[] =>
  Array.from({ length: count }, () => event({ at: '2026-11-10T10:00:00Z', ...fields }));

test('an event stored through one instance is tailed at another at once, whatever its time is', async () => {
  const tail = await tailing({}, instances[1]);
  const durations: number[] = [];
  for (const at of ['2026-11-19T23:59:00Z', '2026-09-01T00:00:00Z', '2026-11-10T10:00:00Z']) {
    await sleep(100);
    const sent = event({ at });
    await instances[0].ingest(sent);
    const began = performance.now();
    expect(await tail.events(1)).toEqual([sent.id]);
    durations.push(performance.now() - began);
  }
  // A tail that heard nothing would look by itself five seconds after the event before.
  expect(durations.sort((a, b) => a - b)[1]).toBeLessThan(4_000);
  await tail.stop();
});

test('a tail begins with what is stored after its call, and a cursor goes on after its message', async () => {
  await instances[0].ingest(...several(3));
  const tail = await tailing();
  const sent = several(4);
  await instances[0].ingest(...sent);
  expect(await tail.events(2)).toEqual(ids(sent.slice(0, 2)));
  const { cursor } = tail;
  await tail.stop();
  const later = several(2);
  await instances[1].ingest(...later);
  const resumed = await tailing({ cursor }, instances[1]);
  expect(await resumed.events(4)).toEqual(ids([...sent.slice(2), ...later]));
  await resumed.stop();
});

test('the events of one batch come by time and then id, months apart as they may be', async () => {
  const tail = await tailing();
  const times = ['2026-11-19T00:00:00Z', '2026-08-25T00:00:00Z', '2026-10-02T12:00:00Z', '2026-08-25T00:00:00Z'];
  const sent = times.map((at) => event({ at }));
  await instances[0].ingest(...sent);
  expect(await tail.events(4)).toEqual(ids([sent[1], sent[3], sent[2], sent[0]].filter((each) => each !== undefined)));
  await tail.stop();
});

test('duplicates are not tailed again', async () => {
  const [first, second, third] = several(3) as [never, never, never];
  await instances[0].ingest(first, second);
  const tail = await tailing();
  await instances[0].send(first, second);
  await instances[0].send(first, third);
  expect(await tail.events(1)).toEqual(ids([third]));
  await tail.stop();
});

test('a filter leaves out the others, and a cursor is good for its filter only', async () => {
  const filter = { pageCondition: { $case: 'page' as const, value: '/wanted' } };
  const tail = await tailing({ filter });
  await instances[0].ingest(...several(3));
  const wanted = event({ at: '2026-11-10T10:00:00Z', page: '/wanted' });
  await instances[0].ingest(...several(2), wanted);
  expect(await tail.events(1)).toEqual([wanted.id]);
  const { cursor } = tail;
  await tail.stop();
  await expect(tailing({ cursor })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    fields: [{ field: 'cursor' }],
  });
});

test('a tail of events that do not come tells how far it is within 15 seconds', async () => {
  const tail = await tailing({ filter: { pageCondition: { $case: 'page', value: '/never' } } });
  const { cursor } = tail;
  const message = tail.next();
  // A timer, not a clock: what holds up this whole process is not the service's.
  const first = Promise.race([message.then(() => 'the message'), sleep(15_000, '15 seconds')]);
  await sleep(11_000);
  await instances[0].ingest(...several(1));
  expect(await first).toBe('the message');
  expect(await message).toBeUndefined();
  expect(tail.cursor).not.toBe(cursor);
  await tail.stop();
});

test('a batch of more than a page is tailed whole, and every cursor inside it continues', async () => {
  const tail = await tailing();
  const sent = several(3_500);
  await instances[0].ingest(...sent);
  expect(await tail.events(1_700)).toEqual(ids(sent.slice(0, 1_700)));
  const { cursor } = tail;
  await tail.stop();
  const resumed = await tailing({ cursor });
  expect(await resumed.events(1_800)).toEqual(ids(sent.slice(1_700)));
  await resumed.stop();
});

test('a client that is killed again and again and goes on with its cursor has every event once', async () => {
  const client = new StreamProcess();
  const sent: string[] = [];
  const ingest = async (batches: number): Promise<void> => {
    for (let batch = 0; batch < batches; batch++) {
      const events = several(100);
      sent.push(...ids(events));
      await (instances[batch % 2] as Harness).ingest(...events);
    }
  };
  try {
    client.start('tail', instances[0].port);
    await client.messages(1);
    for (let kills = 0; kills < 3; kills++) {
      const ingesting = ingest(5);
      await client.events(kills * 500 + 150);
      await client.kill();
      await ingesting;
      client.start('tail', (instances[kills % 2] as Harness).port);
    }
    await client.events(sent.length);
    await sleep(200);
    expect(client.ids).toEqual(sent);
  } finally {
    await client.stop();
  }
});

onRealServer('without the connection that hears of events a tail goes on, and the connection comes back', async () => {
  const tail = await tailing();
  const listeners = `FROM pg_stat_activity
    WHERE application_name = 'tidemark-events-listener' AND datname = current_database()`;
  const received = tail.events(2);
  const terminated = new Set<number>();
  const deadline = Date.now() + 30_000;
  const terminate = async (): Promise<boolean> => {
    const { rows } = await admin.query<{ pid: number }>(`SELECT pid, pg_terminate_backend(pid) ${listeners}`);
    for (const { pid } of rows) terminated.add(pid);
    return terminated.size > 0;
  };
  await until('an instance listens', terminate, deadline - Date.now());
  const sent = several(2);
  await instances[0].ingest(...sent);
  expect(await received).toEqual(ids(sent));
  const isBack = async (): Promise<boolean> =>
    (await admin.query<{ pid: number }>(`SELECT pid ${listeners}`)).rows.some(({ pid }) => !terminated.has(pid));
  await until('the connection is back', isBack, deadline - Date.now());
  await tail.stop();
});

onRealServer(
  'transactions that commit in another order than they began in: nothing is missing or comes twice',
  async () => {
    const tail = await tailing();
    const [early, ...others] = several(4) as [never, never, never, never];
    await admin.query(`
    BEGIN;
    INSERT INTO events.events (time, id, received_time, page, batch_id)
    VALUES ('2026-11-10T10:00:00Z', '${ids([early])[0]}', now(), '/', 4711)`);
    for (const other of others) await instances[1].ingest(other);
    expect(await tail.events(3)).toEqual(ids(others));
    await admin.query(`
    SELECT events.close_batch(4711, 1, '{[2026-11-10T10:00:00Z,2026-11-10T10:00:00Z]}', NULL, NULL);
    COMMIT`);
    const [last] = several(1) as [never];
    await instances[0].ingest(last);
    expect(await tail.events(2)).toEqual(ids([early, last]));
    await tail.stop();
  },
);

test('a tail survives a restart of the service by its cursor, and stopping does not wait for it', async () => {
  const shared = { url: database.url, stop: () => Promise.resolve() };
  const instance = await startEvents({ database: shared, clock });
  const tail = await tailing({}, instance);
  const [first, second] = several(2) as [never, never];
  await instance.ingest(first);
  expect(await tail.events(1)).toEqual(ids([first]));
  const began = performance.now();
  await instance.stopService();
  // Far from the half minute that calls under way are given.
  expect(performance.now() - began).toBeLessThan(20_000);
  await expect(tail.next()).rejects.toMatchObject({ code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' });
  await instance.stop();
  await instances[0].ingest(second);
  const again = await startEvents({ database: shared, clock });
  const resumed = await tailing({ cursor: tail.cursor }, again);
  expect(await resumed.events(1)).toEqual(ids([second]));
  await resumed.stop();
  await again.stop();
});

test('a client that does not read for a while misses nothing', async () => {
  const tail = await tailing();
  const sent: string[] = [];
  for (let batch = 0; batch < 4; batch++) {
    const events = several(500, { properties: { text: 'x'.repeat(2_000) } });
    sent.push(...ids(events));
    await instances[1].ingest(...events);
  }
  await sleep(500);
  expect(await tail.events(2_000)).toEqual(sent);
  await tail.stop();
});

test('a cursor from before what is remembered of the transactions is refused', async () => {
  const { cursor } = await tailing();
  await instances[0].ingest(...several(1));
  await instances[0].ingest(...several(1));
  const resumed = await tailing({ cursor });
  expect(await resumed.events(2)).toHaveLength(2);
  const { cursor: newest } = resumed;
  await resumed.stop();
  await admin.query('DELETE FROM events.batches');
  await expect(tailing({ cursor })).rejects.toMatchObject({ code: status.OUT_OF_RANGE, reason: 'CURSOR_EXPIRED' });
  // Nothing came after this one.
  await (await tailing({ cursor: newest })).stop();
  await instances[0].ingest(...several(1));
  await expect(tailing({ cursor })).rejects.toMatchObject({ code: status.OUT_OF_RANGE, reason: 'CURSOR_EXPIRED' });
  const [first] = several(1) as [never];
  const tail = await tailing({ cursor: newest });
  expect(await tail.events(1)).toHaveLength(1);
  await instances[0].ingest(first);
  expect(await tail.events(1)).toEqual(ids([first]));
  await tail.stop();
});

test('a tail that begins before anything was ever stored has the first event', async () => {
  await admin.query('DELETE FROM events.batches');
  const tail = await tailing();
  const [first] = several(1) as [never];
  await instances[0].ingest(first);
  expect(await tail.events(1)).toEqual(ids([first]));
  await tail.stop();
});
