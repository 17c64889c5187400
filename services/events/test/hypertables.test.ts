import { status } from '@grpc/grpc-js';
import { testEdition } from '@tidemark/testing';
import pg from 'pg';
import { migrate } from '../src/db/migrate.ts';
import { event, log, startEvents, type Harness } from './harness.ts';

/** For what only the community edition has: policies and the columnstore. */
const onCommunity = (await testEdition()) === 'community' ? test : test.skip;
let harness: Harness;

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
});
afterAll(() => harness.stop());

async function sql<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: harness.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

test('the events are a hypertable of one-day chunks, kept for three months', async () => {
  await harness.ingest(event({ at: '2026-11-01T10:00:00Z' }), event({ at: '2026-11-02T10:00:00Z' }));
  await sql('ANALYZE events.events');
  const { hypertables } = await harness.hypertables.listHypertables({});
  expect(hypertables.map(({ name }) => name)).toEqual(['batches', 'corrections', 'events', 'transactions']);
  const [, , kept] = hypertables;
  expect(kept).toMatchObject({
    name: 'events',
    timeColumn: 'time',
    chunkInterval: { seconds: 86_400n, nanos: 0 },
    retention: '3 mons',
    chunkCount: 2,
    approximateRowCount: 2n,
  });
  expect(kept?.totalBytes).toBeGreaterThan(8_192n);
  expect(await harness.hypertables.getHypertable({ name: 'events' })).toEqual({ hypertable: kept });
});

test('a hypertable that is not there', async () => {
  await expect(harness.hypertables.getHypertable({ name: 'settings' })).rejects.toMatchObject({
    code: status.NOT_FOUND,
    reason: 'HYPERTABLE_NOT_FOUND',
  });
});

test('the key is (time, id) and the only index', async () => {
  const indexes = await sql<{ indexdef: string }>(`SELECT indexdef FROM pg_indexes WHERE tablename = 'events'`);
  expect(indexes.map(({ indexdef }) => indexdef)).toEqual([expect.stringMatching(/UNIQUE INDEX .* \("?time"?, id\)/)]);
});

test('migrating again changes nothing, and a new configuration is taken over in place', async () => {
  const jobs = (): Promise<{ job_id: number; config: object }[]> =>
    sql('SELECT job_id, config FROM timescaledb_information.jobs ORDER BY job_id');
  const before = await jobs();
  await migrate(harness.databaseUrl, { chunkInterval: '1 day', retention: '3 months' }, log);
  expect(await jobs()).toEqual(before);

  await migrate(harness.databaseUrl, { chunkInterval: '6 hours', retention: '2 years' }, log);
  expect((await harness.hypertables.getHypertable({ name: 'events' })).hypertable).toMatchObject({
    chunkInterval: { seconds: 21_600n },
    retention: '2 years',
  });
  expect((await jobs()).map(({ job_id }) => job_id)).toEqual(before.map(({ job_id }) => job_id));
  await migrate(harness.databaseUrl, { chunkInterval: '1 day', retention: undefined }, log);
  expect((await harness.hypertables.getHypertable({ name: 'events' })).hypertable).toMatchObject({ retention: '' });
});

test('a shorter retention is taken over, and the log says what was done and how safe it is', async () => {
  await migrate(harness.databaseUrl, { chunkInterval: '1 day', retention: '2 years' }, log);
  const info = import.meta.jest.spyOn(log, 'info').mockReturnValue(undefined);
  await migrate(harness.databaseUrl, { chunkInterval: '1 day', retention: '3 months' }, log);
  const lines = info.mock.calls.map((call) => String(call.at(-1)));
  info.mockRestore();
  expect(lines.filter((line) => line.startsWith('set (destructive): '))).toEqual([
    expect.stringContaining('3 months'),
    expect.stringContaining('3 months'),
  ]);
  // The rollups are refreshed no further back than the events are kept.
  const refreshes = lines.filter((line) => /^set \(safe\): .*2 months 26 days/.test(line));
  expect(refreshes).toHaveLength(onCommunity === test ? 4 : 0);
  expect(lines).toHaveLength(2 + refreshes.length);
  expect((await harness.hypertables.getHypertable({ name: 'events' })).hypertable).toMatchObject({
    retention: '3 mons',
  });
});

test.each([
  ['12 hours', '12:00:00'],
  ['6 days', '6 days'],
  ['1 week', '7 days'],
  ['3 months', '7 days'],
  [undefined, '7 days'],
] as const)('where events are kept %s, tails can go on from %s ago', async (retention, expected) => {
  await migrate(harness.databaseUrl, { chunkInterval: '1 day', retention }, log);
  expect((await harness.hypertables.getHypertable({ name: 'batches' })).hypertable).toMatchObject({
    retention: expected,
  });
});

onCommunity('columns and policies that somebody added by hand stay as they are', async () => {
  await sql(`
    ALTER TABLE events.events ADD COLUMN note text;
    SELECT add_reorder_policy('events.events', 'events_pkey')`);
  await migrate(harness.databaseUrl, { chunkInterval: '6 hours', retention: '3 months' }, log);
  expect(
    await sql(`SELECT FROM information_schema.columns WHERE table_name = 'events' AND column_name = 'note'`),
  ).toHaveLength(1);
  expect(await sql(`SELECT FROM timescaledb_information.jobs WHERE proc_name = 'policy_reorder'`)).toHaveLength(1);
  await sql(`
    SELECT remove_reorder_policy('events.events');
    ALTER TABLE events.events DROP COLUMN note`);
});

onCommunity('the retention policy drops chunks that are wholly too old, and nothing else', async () => {
  await migrate(harness.databaseUrl, { chunkInterval: '1 day', retention: '3 months' }, log);
  await sql(`
    INSERT INTO events.events (time, id, received_time, page)
    SELECT now() - age, gen_random_uuid(), now(), '/'
    FROM unnest(ARRAY['5 months', '95 days', '80 days', '1 hour']::interval[]) AS age`);
  const [job] = await sql<{ job_id: number }>(
    `SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention' AND hypertable_name = 'events'`,
  );
  await sql(`CALL run_job(${job?.job_id ?? 0})`);
  const [left] = await sql(`
    SELECT count(*) FILTER (WHERE time < now() - interval '94 days')::int AS old,
      count(*) FILTER (WHERE time BETWEEN now() - interval '81 days' AND now())::int AS young
    FROM events.events`);
  expect(left).toEqual({ old: 0, young: 4 });
});
