import { setTimeout } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { Dimension, Measure, QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import { testServerUrl, until } from '@tidemark/testing';
import pg from 'pg';
import { query } from '../src/db/query.ts';
import { Pool } from '../src/db/pool.ts';
import { event, log, range, startEvents, type Harness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
  for (let batch = 0; batch < 4; batch++) {
    await harness.ingest(...Array.from({ length: 5_000 }, () => event({ at: '2026-11-10T10:00:00Z' })));
  }
});
afterAll(() => harness.stop());

const question = QueryBucketsRequest.fromPartial({
  range: range('2026-11-01T00:00:00Z', '2026-11-20T00:00:00Z'),
  width: { unit: TimeUnit.DAY },
});

/** Makes every question wait that long; resolves when that has begun, with its end. */
async function locked(seconds: number): Promise<{ end: Promise<unknown>; isOver: () => boolean }> {
  const client = new pg.Client({ connectionString: harness.databaseUrl });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE events.events');
  let over = false;
  const end = client.query(`SELECT pg_sleep(${seconds}); COMMIT`).finally(() => {
    over = true;
    return client.end();
  });
  return { end, isOver: () => over };
}

test('a deadline on a slow answer returns at once, and the next call finds the service well', async () => {
  const { end, isOver } = await locked(4);
  await expect(harness.events.queryBuckets(question, { timeoutMs: 50 })).rejects.toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  });
  expect(isOver()).toBe(false);
  await end;
  expect((await harness.events.queryBuckets(question)).buckets).toMatchObject([{ count: 20_000n }]);
});

test('many calls that time out leave no connection behind', async () => {
  const { end } = await locked(1.5);
  const calls = Array.from({ length: 40 }, () => harness.events.queryBuckets(question, { timeoutMs: 100 }));
  for (const outcome of await Promise.allSettled(calls)) expect(outcome.status).toBe('rejected');
  await end;
  expect((await harness.events.queryBuckets(question, { timeoutMs: 30_000 })).buckets).toHaveLength(1);
});

// The embedded database has one backend, which waits as a whole.
(testServerUrl ? test : test.skip)('questions that hold all connections keep no event from being stored', async () => {
  const client = new pg.Client({ connectionString: harness.databaseUrl });
  await client.connect();
  // Read by every question, and not by what stores events.
  await client.query('BEGIN; LOCK TABLE events.dropped_ranges');
  const questions = Array.from({ length: 8 }, () => harness.events.queryBuckets(question));
  await setTimeout(500);
  await harness.ingest(event({ at: '2026-11-10T11:00:00Z' }));
  await client.query('COMMIT');
  await client.end();
  for (const { buckets } of await Promise.all(questions)) expect(buckets).toHaveLength(1);
});

test('a statement whose signal is aborted rejects at once with the reason', async () => {
  const pool = new Pool({ databaseUrl: harness.databaseUrl, size: 1, log });
  try {
    const controller = new AbortController();
    const slow = query(pool, controller.signal, 'SELECT pg_sleep(4)');
    const reason = new Error('nobody waits');
    await setTimeout(100);
    controller.abort(reason);
    const aborted = performance.now();
    await expect(slow).rejects.toBe(reason);
    // The statement would take four seconds.
    expect(performance.now() - aborted).toBeLessThan(3_000);
    await expect(query(pool, controller.signal, 'SELECT 1')).rejects.toBe(reason);
    expect(await query(pool, new AbortController().signal, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  } finally {
    await pool.end();
  }
});

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database cannot cancel a statement.');

(testServerUrl ? describe : describe.skip)('on a real server', () => {
  const heavy = QueryBucketsRequest.fromPartial({
    range: range('2026-11-10T00:00:00Z', '2026-11-11T00:00:00Z'),
    width: { count: 10, unit: TimeUnit.SECOND },
    groupBy: [{ by: { $case: 'dimension', value: Dimension.PAGE } }],
    measures: [Measure.UNIQUE_SESSIONS, Measure.UNIQUE_USERS, Measure.P50_DURATION, Measure.P99_DURATION],
  });

  beforeAll(async () => {
    const client = new pg.Client({ connectionString: harness.databaseUrl });
    await client.connect();
    await client.query(`INSERT INTO events.events (time, id, received_time, page, session_id, duration_us)
         SELECT '2026-11-10 00:00Z'::timestamptz + number * interval '0.1 seconds', gen_random_uuid(), now(), '/',
           md5(number::text), number
         FROM generate_series(1, 800000) AS number`);
    await client.end();
  });

  /** How many statements of the service run. */
  async function running(client: pg.Client): Promise<number> {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'tidemark-events' AND state <> 'idle'`,
    );
    return rows[0]?.count ?? 0;
  }

  /** Waits until none does. */
  async function untilNoneRuns(client: pg.Client): Promise<void> {
    await until('no statement runs on after its deadline', async () => (await running(client)) === 0, 30_000);
  }

  /** The most statements that ran until a call with a deadline of 100 ms had ended. */
  async function seenDuringCall(client: pg.Client): Promise<number> {
    const call = harness.events.queryBuckets(heavy, { timeoutMs: 100 });
    const ended = call.then(
      () => 'answered',
      (error: unknown) => error,
    );
    let seen = 0;
    for (let over = false; !over;) {
      seen = Math.max(seen, await running(client));
      over = await Promise.race([ended.then(() => true), setTimeout(5, false)]);
    }
    expect(await ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    return seen;
  }

  /** Ends calls by their deadlines until one had a statement that ran: a deadline can pass before it begins. */
  async function callInVain(client: pg.Client): Promise<void> {
    for (let seen = 0; seen === 0;) seen = await seenDuringCall(client);
  }

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: harness.databaseUrl });
    await client.connect();
    return client;
  }

  test('a statement that waits for a lock is gone after the deadline of 100 ms', async () => {
    const [client, holder] = [await connect(), await connect()];
    await holder.query('BEGIN; LOCK TABLE events.events');
    await callInVain(client);
    await untilNoneRuns(client);
    await holder.query('COMMIT');
    await holder.end();
    await client.end();
  });

  test('a statement that computes is gone after the deadline of 100 ms, long before it would have its answer', async () => {
    const client = await connect();
    const began = performance.now();
    await harness.events.queryBuckets(heavy);
    const whole = performance.now() - began;
    await callInVain(client);
    const ended = performance.now();
    await untilNoneRuns(client);
    expect(performance.now() - ended).toBeLessThan(whole / 2);
    await client.end();
  });
});
