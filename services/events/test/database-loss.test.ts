import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import type { MortalServer } from '@tidemark/testing';
import pg from 'pg';
import { event, eventsServer, range, startEvents, type Harness } from './harness.ts';

let database: MortalServer;
let harness: Harness;

beforeEach(async () => {
  database = await eventsServer();
  const clock = (): number => Date.parse('2026-11-20T00:00:00Z') * 1_000;
  harness = await startEvents({ database, clock, shutdownGraceMs: 2_000 });
});
afterEach(() => harness.stop());

const question = QueryBucketsRequest.fromPartial({
  range: range('2026-11-01T00:00:00Z', '2026-11-20T00:00:00Z'),
  width: { unit: TimeUnit.DAY },
});
/** From now on no question about events is answered. */
async function lockEvents(): Promise<void> {
  const busy = new pg.Client({ connectionString: harness.databaseUrl });
  busy.on('error', () => undefined);
  await busy.connect();
  await busy.query('BEGIN; LOCK TABLE events.events');
}

const unavailable = { code: status.UNAVAILABLE, reason: 'DATABASE_UNAVAILABLE' };

test('a service stops in time though its database does not answer, and tells its callers', async () => {
  await lockEvents();
  const calls = [harness.events.queryBuckets(question), harness.send(event({ at: '2026-11-10T00:00:01Z' }))];
  const outcomes = calls.map((call) => call.catch((error: unknown) => error));
  await sleep(300);
  const stopped = harness.stopService().then(() => 'stopped');
  expect(await Promise.race([stopped, sleep(9_000, 'nine seconds')])).toBe('stopped');
  for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: status.UNAVAILABLE });
  await database.kill();
});

test('a database that dies under calls fails these calls, and the service lives on', async () => {
  await harness.ingest(event({ at: '2026-11-10T00:00:00Z' }));
  await lockEvents();
  const calls = [
    ...Array.from({ length: 3 }, () => harness.events.queryBuckets(question)),
    harness.send(event({ at: '2026-11-10T00:00:01Z' })),
  ].map((call) => call.catch((error: unknown) => error));
  await sleep(300);
  await database.kill();
  for (const call of calls) expect(await call).toMatchObject(unavailable);
  await expect(harness.events.queryBuckets(question)).rejects.toMatchObject(unavailable);
});
