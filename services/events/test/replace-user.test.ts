import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import {
  Dimension,
  Measure,
  QueryBucketsRequest,
  TimeUnit,
  TopValuesRequest,
  type Event,
} from '@tidemark/contracts/events';
import { testEdition, testServerUrl } from '@tidemark/testing';
import pg from 'pg';
import { event, range, startEvents, type Harness } from './harness.ts';
import { accountId, history, record } from './transaction.ts';

const edition = await testEdition();
const onCommunity = edition === 'community' ? test : test.skip;
console.info(`The database has the ${edition} edition of TimescaleDB: tests of the other one are skipped.`);
const onRealCommunity = edition === 'community' && testServerUrl ? test : test.skip;
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: replacing in large chunks is skipped.');

const clock = (): number => Date.parse('2026-11-20T00:00:00Z') * 1_000;
const whole = range('2026-10-01T00:00:00Z', '2026-11-20T00:00:00Z');
let harness: Harness;
let admin: pg.Client;
beforeAll(async () => {
  harness = await startEvents({ clock });
  admin = new pg.Client({ connectionString: harness.databaseUrl });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await harness.stop();
});

const replace = (userId: string, replacement: string) => harness.hypertables.replaceUser({ userId, replacement });

async function idsOf(userId: string): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>('SELECT id FROM events.events WHERE user_id = $1 ORDER BY 1', [
    userId,
  ]);
  return rows.map(({ id }) => id);
}

const ids = (events: readonly Event[]): string[] => events.map(({ id }) => id).sort();
const over = (count: number, userId: string): Event[] =>
  Array.from({ length: count }, (_, index) =>
    event({
      at: new Date(Date.UTC(2026, 9, 10 + (index % 20), 10, index % 60)).toISOString(),
      userId,
      page: `/${index % 5}`,
    }),
  );

/** What the service answers of all events, but for who they are of. */
async function answers(): Promise<unknown> {
  const asked = { range: whole, width: { unit: TimeUnit.DAY }, measures: [Measure.UNIQUE_USERS] };
  const { buckets } = await harness.events.queryBuckets(QueryBucketsRequest.fromPartial(asked));
  const counted = await harness.events.queryBuckets(QueryBucketsRequest.fromPartial({ ...asked, measures: [] }));
  const top = { range: whole, by: { $case: 'dimension', value: Dimension.PAGE }, limit: 10 } as const;
  const { values } = await harness.events.topValues(TopValuesRequest.fromPartial(top));
  return { buckets, counted: counted.buckets, values };
}

test('the events of a user become those of the other id, in all chunks, and nobody else is touched', async () => {
  const [user, other, replacement] = [randomUUID(), randomUUID(), randomUUID()];
  const mine = [...over(60, user), ...over(20, user.toUpperCase())];
  const theirs = [...over(40, other), ...over(20, '')];
  await harness.ingest(...mine, ...theirs);

  expect(await replace(user.toUpperCase(), replacement)).toEqual({ events: 80n, transactions: 0n });
  expect(await idsOf(replacement)).toEqual(ids(mine));
  expect([await idsOf(user), await idsOf(user.toUpperCase())]).toEqual([[], []]);
  expect(await idsOf(other)).toEqual(ids(theirs.slice(0, 40)));
  const first = mine[0] as Event;
  const { event: found } = await harness.events.getEvent({ id: first.id });
  expect(found).toEqual({ ...first, userId: replacement, receivedTime: found?.receivedTime });
  expect(await replace(user, replacement)).toEqual({ events: 0n, transactions: 0n });
});

test('answers stay as they were', async () => {
  const [user, replacement] = [randomUUID(), randomUUID()];
  await harness.ingest(...over(60, user));
  const before = await answers();
  await replace(user, replacement);
  expect(await answers()).toEqual(before);
});

test('transactions go along, and balances and sums with them', async () => {
  const [user, replacement] = [randomUUID(), randomUUID()];
  const changes = Array.from(
    { length: 30 },
    (_, day) => [`2026-10-${String(day + 1).padStart(2, '0')}T10:00:00Z`, 7n] as const,
  );
  const sent = history(7, changes).map((transaction) => ({ ...transaction, userId: user }));
  await record(harness, ...sent, ...history(8, changes));
  expect(await replace(user, replacement)).toEqual({ events: 0n, transactions: 30n });

  const page = { range: whole, pageSize: 100, pageToken: '', descending: false };
  const listed = async (value: string) =>
    (await harness.transactions.listTransactions({ ...page, of: { $case: 'userId', value } })).transactions;
  expect(await listed(user)).toEqual([]);
  expect(await listed(replacement)).toHaveLength(30);
  const of = { $case: 'accountId', value: accountId(7) } as const;
  const { transactions } = await harness.transactions.listTransactions({ ...page, of });
  expect(transactions.map(({ userId }) => userId)).toEqual(Array(30).fill(replacement));
  expect(transactions.at(-1)?.balanceAfterMinor).toBe(210n);

  // What is delivered again, under the old id or the new one, is what is stored.
  expect(await record(harness, ...sent)).toMatchObject({ stored: 0, duplicates: 30, rejections: [] });
  expect(await listed(user)).toEqual([]);
});

test('what arrives late under the old id is stored as it comes, and a repeat replaces it', async () => {
  const [user, replacement] = [randomUUID(), randomUUID()];
  await harness.ingest(...over(5, user));
  await replace(user, replacement);
  await harness.ingest(...over(3, user));
  expect(await idsOf(user)).toHaveLength(3);
  expect(await replace(user, replacement)).toEqual({ events: 3n, transactions: 0n });
  expect(await idsOf(replacement)).toHaveLength(8);
});

describe('in columns', () => {
  const convert = () =>
    admin.query(
      `SELECT compress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass, if_not_compressed => true)
       FROM timescaledb_information.chunks WHERE hypertable_name = 'events'`,
    );
  const refresh = async (): Promise<void> => {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT view_name AS name FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'events'`,
    );
    for (const { name } of rows) await admin.query(`CALL refresh_continuous_aggregate('events.${name}', NULL, NULL)`);
  };

  onCommunity('it is the same, and rollups stay right before and after they are refreshed', async () => {
    const [user, other, replacement] = [randomUUID(), randomUUID(), randomUUID()];
    const mine = over(60, user);
    await harness.ingest(...mine, ...over(500, other));
    await convert();
    await refresh();
    const before = await answers();
    expect(await replace(user, replacement)).toEqual({ events: 60n, transactions: 0n });
    expect(await idsOf(replacement)).toEqual(ids(mine));
    expect(await idsOf(user)).toEqual([]);
    expect(await idsOf(other)).toHaveLength(500);
    expect(await answers()).toEqual(before);
    await refresh();
    expect(await answers()).toEqual(before);
    await convert();
    expect(await answers()).toEqual(before);
    expect(await harness.send(...mine)).toEqual({ stored: 0, duplicates: 60, rejections: [] });
  });

  onRealCommunity('of a large chunk only the batches that have the user are taken out of them', async () => {
    const [user, replacement] = [randomUUID(), randomUUID()];
    await admin.query(
      `INSERT INTO events.events (time, id, received_time, page, user_id)
       SELECT '2026-09-05'::timestamptz + n * interval '0.25 seconds', gen_random_uuid(), now(), '/',
         CASE WHEN n IN (1, 150000, 290000) THEN $1 ELSE md5((n % 50000)::text) END
       FROM generate_series(1, 300000) n`,
      [user],
    );
    await convert();
    expect(await replace(user, replacement)).toEqual({ events: 3n, transactions: 0n });
    const { rows } = await admin.query<{ name: string }>(
      `SELECT format('%I.%I', chunk_schema, chunk_name) AS name FROM timescaledb_information.chunks
       WHERE hypertable_name = 'events' AND range_start = '2026-09-05'`,
    );
    const { rows: inRows } = await admin.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ONLY ${rows[0]?.name}`,
    );
    expect(inRows[0]?.count).toBeGreaterThanOrEqual(3);
    expect(inRows[0]?.count).toBeLessThan(20_000);
    expect(await idsOf(replacement)).toHaveLength(3);
  });
});

test('ids that are none, and twice the same, are refused', async () => {
  const id = randomUUID();
  const refused = (...fields: string[]) => ({
    code: status.INVALID_ARGUMENT,
    fields: fields.map((field) => expect.objectContaining({ field }) as object),
  });
  await expect(replace('', 'nobody')).rejects.toMatchObject(refused('user_id', 'replacement'));
  await expect(replace(id, id.toUpperCase())).rejects.toMatchObject(refused('replacement'));
});

test('the role of the service can replace a user and still change nothing else', async () => {
  await admin.query('SET ROLE tidemark_events');
  for (const statement of [
    `UPDATE events.events SET user_id = 'me'`,
    `UPDATE events.transactions SET amount_minor = 0`,
    'DELETE FROM events.events',
  ]) {
    await expect(admin.query(statement)).rejects.toMatchObject({ code: '42501' });
  }
  await admin.query('RESET ROLE');
});
