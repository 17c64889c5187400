import { status } from '@grpc/grpc-js';
import { Edition, JobKind, type Chunk, type Job } from '@tidemark/contracts/events';
import { testEdition, testServerUrl } from '@tidemark/testing';
import pg from 'pg';
import { migrate } from '../src/db/migrate.ts';
import { event, iso, log, range, startEvents, timestamp, type Harness } from './harness.ts';

const edition = await testEdition();
const onCommunity = edition === 'community' ? test : test.skip;
const onApache = edition === 'apache' ? test : test.skip;
const onRealServer = testServerUrl ? test : test.skip;
console.info(`The database has the ${edition} edition of TimescaleDB: tests of the other one are skipped.`);
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: tests that take two sessions at once are skipped.');

const start = Date.parse('2026-11-20T00:00:00Z') * 1_000;
const minute = 60_000_000;
let now = start;
let harness: Harness;
beforeAll(async () => {
  harness = await startEvents({ clock: () => now });
  const hours = Array.from({ length: 8 * 24 }, (_, hour) => Date.parse('2026-11-01T00:30:00Z') + hour * 3_600_000);
  await harness.ingest(...hours.map((ms) => event({ at: new Date(ms).toISOString() })));
  await sql('ANALYZE events.events');
});
afterEach(() => void (now = start));
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

const daysOf = (chunks: Chunk[]): string[] => chunks.map((chunk) => iso(chunk.range?.start).slice(5, 10));
const invalidField = (field: string) => ({
  code: status.INVALID_ARGUMENT,
  reason: 'FIELD_INVALID',
  fields: [expect.objectContaining({ field })],
});

describe('ListChunks', () => {
  const all = { hypertable: 'events', range: undefined, pageSize: 0, pageToken: '' };

  test('lists the oldest first, with what they hold', async () => {
    const { chunks, nextPageToken } = await harness.hypertables.listChunks(all);
    expect(nextPageToken).toBe('');
    expect(daysOf(chunks)).toEqual(['11-01', '11-02', '11-03', '11-04', '11-05', '11-06', '11-07', '11-08']);
    expect(chunks[0]).toMatchObject({
      range: range('2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z'),
      approximateRowCount: 24n,
      columnstore: false,
    });
    expect(chunks[0]?.totalBytes).toBeGreaterThan(8_192n);
  });

  test('in pages, of those that hold a part of a range', async () => {
    const asked = { ...all, range: range('2026-11-02T23:00:00Z', '2026-11-06T00:00:00Z'), pageSize: 3 };
    const first = await harness.hypertables.listChunks(asked);
    expect(daysOf(first.chunks)).toEqual(['11-02', '11-03', '11-04']);
    const second = await harness.hypertables.listChunks({ ...asked, pageToken: first.nextPageToken });
    expect(daysOf(second.chunks)).toEqual(['11-05']);
    expect(second.nextPageToken).toBe('');
    for (const other of [{ hypertable: 'batches' }, { range: undefined }]) {
      await expect(
        harness.hypertables.listChunks({ ...asked, pageToken: first.nextPageToken, ...other }),
      ).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'PAGE_TOKEN_INVALID' });
    }
  });

  test('refuses what cannot be meant', async () => {
    const { listChunks } = harness.hypertables;
    await expect(listChunks({ ...all, hypertable: 'settings' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      reason: 'HYPERTABLE_NOT_FOUND',
    });
    await expect(listChunks({ ...all, pageSize: -1 })).rejects.toMatchObject(invalidField('page_size'));
    const backwards = range('2026-11-02T00:00:00Z', '2026-11-01T00:00:00Z');
    await expect(listChunks({ ...all, range: backwards })).rejects.toMatchObject(invalidField('range.end'));
  });
});

describe('dropping chunks', () => {
  // It begins and ends within a day: only the two days between lie wholly inside.
  const asked = { hypertable: 'events', range: range('2026-11-01T12:00:00Z', '2026-11-04T23:59:59.999999Z') };
  const outdated = { code: status.FAILED_PRECONDITION, reason: 'PREVIEW_OUTDATED' };
  const stored = async (): Promise<number> => Number((await sql(`SELECT count(*) FROM events.events`))[0]?.['count']);

  test('a preview shows what would go, and drops nothing', async () => {
    const preview = await harness.hypertables.previewDropChunks(asked);
    expect(daysOf(preview.chunks)).toEqual(['11-02', '11-03']);
    expect(preview.rowCount).toBe(48n);
    expect(preview.totalBytes).toBe(preview.chunks.reduce((sum, { totalBytes }) => sum + totalBytes, 0n));
    expect(preview.expireTime).toEqual(timestamp('2026-11-20T00:10:00Z'));
    expect(await stored()).toBe(192);
  });

  test('a token counts for its own hypertable and range, for ten minutes', async () => {
    const { dropToken } = await harness.hypertables.previewDropChunks(asked);
    const { dropChunks } = harness.hypertables;
    const wider = range('2026-11-01T00:00:00Z', '2026-11-04T23:59:59.999999Z');
    const { dropToken: ofWider } = await harness.hypertables.previewDropChunks({ ...asked, range: wider });
    for (const token of ['', 'x', `${dropToken}A`, ofWider]) {
      await expect(dropChunks({ ...asked, dropToken: token })).rejects.toMatchObject(invalidField('drop_token'));
    }
    const { nextPageToken } = await harness.hypertables.listChunks({ ...asked, pageSize: 1, pageToken: '' });
    await expect(dropChunks({ ...asked, dropToken: nextPageToken })).rejects.toMatchObject(invalidField('drop_token'));
    now = start + 10 * minute + 1;
    await expect(dropChunks({ ...asked, dropToken })).rejects.toMatchObject(outdated);
    expect(await stored()).toBe(192);
  });

  test('only chunks of the events are dropped by hand, and only those there are', async () => {
    for (const hypertable of ['transactions', 'batches', 'corrections']) {
      const kept = { code: status.FAILED_PRECONDITION, reason: 'CHUNKS_KEPT' };
      await expect(harness.hypertables.previewDropChunks({ ...asked, hypertable })).rejects.toMatchObject(kept);
      await expect(harness.hypertables.dropChunks({ ...asked, hypertable, dropToken: 'x' })).rejects.toMatchObject(
        kept,
      );
    }
    const missing = { code: status.NOT_FOUND, reason: 'HYPERTABLE_NOT_FOUND' };
    await expect(
      harness.hypertables.previewDropChunks({ ...asked, hypertable: 'events; DROP TABLE' }),
    ).rejects.toMatchObject(missing);
    await expect(harness.hypertables.previewDropChunks({ ...asked, range: undefined })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    const empty = { ...asked, range: range('2026-10-01T00:00:00Z', '2026-10-10T00:00:00Z') };
    const preview = await harness.hypertables.previewDropChunks(empty);
    expect(preview).toMatchObject({ chunks: [], rowCount: 0n, totalBytes: 0n });
    expect(await harness.hypertables.dropChunks({ ...empty, dropToken: preview.dropToken })).toEqual({ chunks: [] });
  });

  test('where a chunk has come since the preview, none is dropped', async () => {
    const wide = { ...asked, range: range('2026-10-01T00:00:00Z', '2026-11-03T00:00:00Z') };
    const { dropToken } = await harness.hypertables.previewDropChunks(wide);
    await harness.ingest(event({ at: '2026-10-20T10:00:00Z' }));
    await expect(harness.hypertables.dropChunks({ ...wide, dropToken })).rejects.toMatchObject(outdated);
    expect(await stored()).toBe(193);
    // The function that drops compares once more, with what it dropped.
    await expect(
      sql(`SET ROLE tidemark_events; SELECT events.drop_previewed_chunks('2026-10-01', '2026-11-03', ARRAY['x'])`),
    ).rejects.toMatchObject({ code: 'TM002' });
    expect(await stored()).toBe(193);
    expect(await sql('SELECT FROM events.dropped_ranges')).toEqual([]);
  });

  onRealServer('while a reader holds a chunk, trying again later is the answer', async () => {
    const { dropToken } = await harness.hypertables.previewDropChunks(asked);
    const reader = new pg.Client({ connectionString: harness.databaseUrl });
    await reader.connect();
    try {
      await reader.query('BEGIN; SELECT count(*) FROM events.events');
      await expect(harness.hypertables.dropChunks({ ...asked, dropToken })).rejects.toMatchObject({
        code: status.UNAVAILABLE,
      });
    } finally {
      // The server notices an end in its own time, and the lock is held until then.
      await reader.query('ROLLBACK');
      await reader.end();
    }
    expect(await stored()).toBe(193);
  });

  test('what was previewed is dropped, wholly and once, and that it was is remembered', async () => {
    const preview = await harness.hypertables.previewDropChunks(asked);
    const { dropToken } = preview;
    expect(await harness.hypertables.dropChunks({ ...asked, dropToken })).toEqual({ chunks: preview.chunks });
    const left = await harness.hypertables.listChunks({
      hypertable: 'events',
      range: undefined,
      pageSize: 0,
      pageToken: '',
    });
    expect(daysOf(left.chunks)).toEqual(['10-20', '11-01', '11-04', '11-05', '11-06', '11-07', '11-08']);
    expect(await stored()).toBe(193 - 48);
    expect(
      await sql(`SELECT hypertable, range_start::text, range_end::text FROM events.dropped_ranges ORDER BY 2`),
    ).toEqual([
      { hypertable: 'events', range_start: '2026-11-02 00:00:00+00', range_end: '2026-11-03 00:00:00+00' },
      { hypertable: 'events', range_start: '2026-11-03 00:00:00+00', range_end: '2026-11-04 00:00:00+00' },
    ]);
    await expect(harness.hypertables.dropChunks({ ...asked, dropToken })).rejects.toMatchObject(outdated);
  });
});

test('the role of the service has none of these rights itself', async () => {
  const refused = { code: '42501' };
  const asService = (text: string): Promise<unknown> => sql(`SET ROLE tidemark_events; ${text}`);
  await expect(asService(`SELECT drop_chunks('events.events', older_than => now())`)).rejects.toMatchObject(refused);
  await expect(asService('SELECT events.run_retention_policy(1)')).rejects.toMatchObject(refused);
  await expect(asService('DELETE FROM events.events')).rejects.toMatchObject(refused);
  const asRollups = (text: string): Promise<unknown> => sql(`SET ROLE tidemark_events_rollups; ${text}`);
  for (const text of ['DELETE FROM events.events', 'CREATE TABLE events.mine ()', 'SELECT FROM events.settings']) {
    await expect(asRollups(text)).rejects.toMatchObject(refused);
  }
  const others = `SET ROLE tidemark_users`;
  // Another test can create it at the same moment.
  await sql(
    `DO $$ BEGIN CREATE ROLE tidemark_users; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
  );
  await expect(sql(`${others}; SELECT events.drop_previewed_chunks(now(), now(), '{}')`)).rejects.toMatchObject(
    refused,
  );
  await expect(sql(`${others}; SELECT events.convert_oldest_chunk(1)`)).rejects.toMatchObject(refused);
});

async function jobs(): Promise<Job[]> {
  return (await harness.hypertables.listJobs({})).jobs;
}

test.each(['', '1', '3', '0', '999999', 'x', '1; DROP TABLE events.events'])('there is no job %p', async (id) => {
  await expect(harness.hypertables.runJob({ id })).rejects.toMatchObject({
    code: status.NOT_FOUND,
    reason: 'JOB_NOT_FOUND',
  });
});

const oldEvents = `
  INSERT INTO events.events (time, id, received_time, page)
  SELECT now() - age, gen_random_uuid(), now(), '/'
  FROM unnest(ARRAY['200 days', '150 days', '95 days', '80 days']::interval[]) AS age`;
const countOld = `SELECT count(*)::int AS old FROM events.events WHERE time < now() - interval '94 days'`;

onCommunity('the retention policies are listed, and run at once', async () => {
  const listed = await jobs();
  const retentions = listed.filter(({ kind }) => kind === JobKind.RETENTION);
  expect(retentions.map(({ target }) => target)).toEqual(['batches', 'corrections', 'events']);
  const ofEvents = retentions[2] as Job;
  expect(ofEvents).toMatchObject({ scheduleInterval: '1 day', runCount: 0n, failureCount: 0n, lastErrorCode: '' });
  await sql(oldEvents);
  expect(await sql(countOld)).toEqual([{ old: 3 }]);
  expect(await harness.hypertables.runJob({ id: ofEvents.id })).toEqual({ job: ofEvents });
  expect(await sql(countOld)).toEqual([{ old: 0 }]);
});

onApache("the service's own retention is a job as well, and runs at once", async () => {
  const [job, ...others] = await jobs();
  expect(others).toEqual([]);
  expect(job).toMatchObject({ id: 'retention', kind: JobKind.RETENTION, scheduleInterval: '24:00:00' });
  await sql(oldEvents);
  expect(await sql(countOld)).toEqual([{ old: 3 }]);
  await harness.hypertables.runJob({ id: 'retention' });
  expect(await sql(countOld)).toEqual([{ old: 0 }]);
});

test('a hypertable tells its edition and what the service does differently on it', async () => {
  const { hypertable } = await harness.hypertables.getHypertable({ name: 'events' });
  expect(hypertable?.edition).toBe(edition === 'community' ? Edition.COMMUNITY : Edition.APACHE);
  expect(hypertable?.editionNotes).toHaveLength(edition === 'community' ? 0 : 3);
});

describe('rollups', () => {
  const days = range('2026-11-05T00:00:00Z', '2026-11-08T00:00:00Z');
  const rolledUp = async (name = 'test_hourly'): Promise<number> =>
    Number((await sql(`SELECT coalesce(sum(events), 0)::int AS sum FROM events.${name}`))[0]?.['sum']);

  beforeAll(async () => {
    if (edition === 'apache') return;
    await sql(`CREATE MATERIALIZED VIEW events.test_hourly
      WITH (timescaledb.continuous, timescaledb.materialized_only = true)
      AS SELECT time_bucket('1 hour', time) AS bucket, count(*) AS events FROM events.events GROUP BY 1 WITH NO DATA`);
    await sql(`CREATE MATERIALIZED VIEW events.test_daily
      WITH (timescaledb.continuous, timescaledb.materialized_only = true)
      AS SELECT time_bucket('1 day', bucket) AS bucket, sum(events) AS events FROM events.test_hourly GROUP BY 1
      WITH NO DATA`);
    // The next migration gives them to the role that refreshes them.
    await migrate(harness.databaseUrl, { chunkInterval: '1 day', retention: '3 months' }, log);
    await sql(`SELECT add_continuous_aggregate_policy('events.test_hourly', start_offset => NULL,
      end_offset => interval '1 hour', schedule_interval => interval '1 hour')`);
  });

  onCommunity('are named with the hypertable that they are made of', async () => {
    const { hypertables } = await harness.hypertables.listHypertables({});
    expect(hypertables.map(({ name, rollups }) => [name, rollups])).toEqual([
      ['batches', []],
      ['corrections', []],
      [
        'events',
        ['events_daily', 'events_daily_pages', 'events_hourly', 'events_hourly_pages', 'test_daily', 'test_hourly'],
      ],
      ['transactions', []],
    ]);
  });

  onCommunity('are refreshed in the asked range, one after the other', async () => {
    expect(await rolledUp()).toBe(0);
    await harness.hypertables.refreshRollup({ rollup: 'test_hourly', range: days });
    expect(await rolledUp()).toBe(72);
    await harness.hypertables.refreshRollup({ rollup: 'test_daily', range: days });
    expect(await rolledUp('test_daily')).toBe(72);
    // Buckets that lie only partly inside are left alone.
    await harness.ingest(event({ at: '2026-11-05T10:10:00Z' }), event({ at: '2026-11-05T11:10:00Z' }));
    const half = range('2026-11-05T10:05:00Z', '2026-11-05T12:00:00Z');
    await harness.hypertables.refreshRollup({ rollup: 'test_hourly', range: half });
    expect(await rolledUp()).toBe(73);
  });

  onCommunity('whose policy is run at once are up to date up to its end', async () => {
    const job = (await jobs()).find(({ kind, target }) => kind === JobKind.REFRESH && target === 'test_hourly');
    expect(job).toMatchObject({ target: 'test_hourly', scheduleInterval: '01:00:00' });
    // What was dropped by hand earlier is gone from the events, and was never rolled up.
    await harness.hypertables.runJob({ id: job?.id ?? '' });
    const [stored] = await sql(
      `SELECT count(*)::int AS count FROM events.events WHERE time < now() - interval '2 hours'`,
    );
    expect(await rolledUp()).toBe(stored?.['count']);
  });

  onCommunity('are not refreshed where events have been dropped, by hand or by the retention', async () => {
    const before = await rolledUp();
    const refused = { code: status.FAILED_PRECONDITION, reason: 'SOURCE_DROPPED' };
    for (const wide of [
      range('2026-11-03T23:59:59Z', '2026-11-08T00:00:00Z'),
      range('2020-01-01T00:00:00Z', '2026-11-08T00:00:00Z'),
    ]) {
      await expect(harness.hypertables.refreshRollup({ rollup: 'test_hourly', range: wide })).rejects.toMatchObject(
        refused,
      );
    }
    expect(await rolledUp()).toBe(before);
  });

  test.each(['events', 'nothing', '', "test_hourly'; DROP TABLE events.events; --"])(
    'there is no rollup %p',
    async (rollup) => {
      await expect(harness.hypertables.refreshRollup({ rollup, range: days })).rejects.toMatchObject({
        code: status.NOT_FOUND,
        reason: 'ROLLUP_NOT_FOUND',
      });
    },
  );

  test('are refreshed in a range', async () => {
    await expect(harness.hypertables.refreshRollup({ rollup: 'test_hourly', range: undefined })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'FIELD_INVALID',
    });
  });
});
