import { status } from '@grpc/grpc-js';
import { QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
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

/** Keeps the backend busy for a while, as a slow question would. */
async function busyFor(seconds: number): Promise<void> {
  const client = new pg.Client({ connectionString: harness.databaseUrl });
  await client.connect();
  await client.query('SELECT pg_sleep($1)', [seconds]);
  await client.end();
}

test('a deadline on a slow answer returns at once, and the next call finds the service well', async () => {
  const busy = busyFor(1.5);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const began = performance.now();
  await expect(harness.events.queryBuckets(question, { timeoutMs: 50 })).rejects.toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  });
  expect(performance.now() - began).toBeLessThan(700);
  await busy;
  expect((await harness.events.queryBuckets(question)).buckets).toMatchObject([{ count: 20_000n }]);
});

test('many calls that time out leave no connection behind', async () => {
  const busy = busyFor(1.5);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const calls = Array.from({ length: 40 }, () => harness.events.queryBuckets(question, { timeoutMs: 100 }));
  for (const outcome of await Promise.allSettled(calls)) expect(outcome.status).toBe('rejected');
  await busy;
  expect((await harness.events.queryBuckets(question, { timeoutMs: 10_000 })).buckets).toHaveLength(1);
});

test('a statement whose signal is aborted rejects at once with the reason', async () => {
  const pool = new Pool({ databaseUrl: harness.databaseUrl, size: 1, log });
  try {
    const controller = new AbortController();
    const slow = query(pool, controller.signal, 'SELECT pg_sleep(1.5)');
    const reason = new Error('nobody waits');
    setTimeout(() => controller.abort(reason), 100);
    const began = performance.now();
    await expect(slow).rejects.toBe(reason);
    expect(performance.now() - began).toBeLessThan(800);
    await expect(query(pool, controller.signal, 'SELECT 1')).rejects.toBe(reason);
    expect(await query(pool, new AbortController().signal, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  } finally {
    await pool.end();
  }
});
