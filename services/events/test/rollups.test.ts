import { setTimeout as sleep } from 'node:timers/promises';
import {
  Dimension,
  Measure,
  QueryBucketsRequest,
  Source,
  TimeUnit,
  type QueryBucketsResponse,
} from '@tidemark/contracts/events';
import { testEdition, testServerUrl } from '@tidemark/testing';
import pg from 'pg';
import { migrate } from '../src/db/migrate.ts';
import { event, iso, log, range, startEvents, type Harness } from './harness.ts';

const edition = await testEdition();
const onCommunity = edition === 'community' ? test : test.skip;
const onApache = edition === 'apache' ? test : test.skip;
const onRealServer = edition === 'community' && testServerUrl ? test : test.skip;
console.info(`The database has the ${edition} edition of TimescaleDB: tests of the other one are skipped.`);
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: refreshing while events come is skipped.');

let now = Date.parse('2026-08-20T00:00:00Z');
let harness: Harness;
let admin: pg.Client;

beforeEach(async () => {
  now = Date.parse('2026-08-20T00:00:00Z');
  harness = await startEvents({ clock: () => now * 1_000 });
  admin = new pg.Client({ connectionString: harness.databaseUrl });
  await admin.connect();
  // A test says itself when a rollup is brought up to date.
  await admin.query(
    `SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs
     WHERE proc_name = 'policy_refresh_continuous_aggregate'`,
  );
});
afterEach(async () => {
  await admin.end();
  await harness.stop();
});

const views = ['events_hourly', 'events_daily', 'events_hourly_pages', 'events_daily_pages'];

async function refresh(...names: string[]): Promise<void> {
  for (const name of names) await admin.query(`CALL refresh_continuous_aggregate('events.${name}', NULL, NULL)`);
}

function ask(
  [start, end]: readonly [string, string],
  more: Parameters<typeof QueryBucketsRequest.fromPartial>[0] = {},
): Promise<QueryBucketsResponse> {
  const request = { range: range(start, end), width: { unit: TimeUnit.DAY }, ...more };
  return harness.events.queryBuckets(QueryBucketsRequest.fromPartial(request));
}

const countsOf = ({ buckets }: QueryBucketsResponse): Record<string, number> =>
  Object.fromEntries(buckets.map(({ start, count }) => [iso(start).slice(0, 10), Number(count)]));

const coveredIn = ({ covered }: QueryBucketsResponse): string[] =>
  covered ? [iso(covered.start), iso(covered.end)] : [];

const august = ['2026-08-01T00:00:00Z', '2026-08-04T00:00:00Z'] as const;

async function threeDays(): Promise<void> {
  await harness.ingest(
    event({ at: '2026-08-01T10:04:00Z', sessionId: 's' }),
    event({ at: '2026-08-01T23:59:59.999999Z' }),
    event({ at: '2026-08-02T00:00:00Z', page: '/a' }),
    event({ at: '2026-08-03T12:00:00Z' }),
  );
}

onCommunity('the coarsest rollup answers that gives the same answer, and the events what no rollup knows', async () => {
  await threeDays();
  await refresh(...views);
  const page = { by: { $case: 'dimension', value: Dimension.PAGE } };
  const questions = [
    [{}, Source.ROLLUP, ['events_daily']],
    [{ filter: { excludeBots: true } }, Source.ROLLUP, ['events_daily']],
    [{ measures: [Measure.AVG_DURATION] }, Source.ROLLUP, ['events_daily']],
    [{ groupBy: [page] }, Source.ROLLUP, ['events_daily_pages']],
    [{ filter: { pageCondition: { $case: 'page', value: '/' } } }, Source.ROLLUP, ['events_daily_pages']],
    [{ timeZone: 'Europe/Berlin' }, Source.ROLLUP, ['events_hourly']],
    [{ width: { unit: TimeUnit.HOUR } }, Source.ROLLUP, ['events_hourly']],
    [{ width: { unit: TimeUnit.MINUTE, count: 30 } }, Source.RAW, []],
    [{ timeZone: 'Asia/Kathmandu' }, Source.ROLLUP, ['events_hourly']],
    [{ timeZone: 'Asia/Kathmandu', width: { unit: TimeUnit.HOUR } }, Source.RAW, []],
    [{ measures: [Measure.P50_DURATION] }, Source.RAW, []],
    [{ measures: [Measure.UNIQUE_SESSIONS] }, Source.RAW, []],
    [{ filter: { sessionId: 's' } }, Source.RAW, []],
    [{ groupBy: [page, { by: { $case: 'dimension', value: Dimension.SESSION } }] }, Source.RAW, []],
  ] as const;
  for (const [question, source, rollups] of questions) {
    const answer = await ask(august, question as never);
    expect({ question, source: answer.source, rollups: answer.rollups }).toEqual({ question, source, rollups });
  }
  const ragged = await ask(['2026-07-31T10:30:00Z', '2026-08-03T12:30:00Z']);
  expect(ragged).toMatchObject({ source: Source.ROLLUP, rollups: ['events_daily', 'events_hourly'] });
  expect(countsOf(ragged)).toEqual({ '2026-08-01': 2, '2026-08-02': 1, '2026-08-03': 1 });
});

onCommunity('an event that comes late is counted at once, and by the rollup after its next refresh', async () => {
  await threeDays();
  await refresh(...views);
  await harness.ingest(event({ at: '2026-08-02T05:00:00Z' }), event({ at: '2026-08-09T05:00:00Z' }));
  const late = await ask(['2026-08-01T00:00:00Z', '2026-08-10T00:00:00Z']);
  const counts = { '2026-08-01': 2, '2026-08-02': 2, '2026-08-03': 1, '2026-08-09': 1 };
  expect(countsOf(late)).toEqual(counts);
  expect(late).toMatchObject({ source: Source.ROLLUP, rollups: ['events_daily', 'events_hourly'] });
  await refresh(...views);
  const refreshed = await ask(['2026-08-01T00:00:00Z', '2026-08-10T00:00:00Z']);
  expect(countsOf(refreshed)).toEqual(counts);
  expect(refreshed.rollups).toEqual(['events_daily']);
});

onCommunity('days that the retention has dropped are still answered, and what needs their events says so', async () => {
  await threeDays();
  await refresh(...views);
  now = Date.parse('2026-12-01T00:00:00Z');
  await harness.ingest(event({ at: '2026-11-20T00:00:00Z' }));
  await refresh(...views);
  await admin.query(`SELECT drop_chunks('events.events', older_than => '2026-09-01'::timestamptz)`);

  const days = await ask(august);
  expect(countsOf(days)).toEqual({ '2026-08-01': 2, '2026-08-02': 1, '2026-08-03': 1 });
  expect({ covered: coveredIn(days), rollups: days.rollups }).toEqual({ covered: august, rollups: ['events_daily'] });
  expect(countsOf(await ask(august, { groupBy: [{ by: { $case: 'dimension', value: Dimension.PAGE } }] }))).toEqual({
    '2026-08-01': 2,
    '2026-08-02': 1,
    '2026-08-03': 1,
  });
  const long = await ask(['2026-07-01T00:00:00Z', '2026-12-01T00:00:00Z']);
  expect(countsOf(long)).toMatchObject({ '2026-08-01': 2, '2026-11-20': 1 });
  // The rollup knows nothing of the time before its first bucket.
  expect(coveredIn(long)).toEqual(['2026-08-01T00:00:00Z', '2026-12-01T00:00:00Z']);

  const sessions = { measures: [Measure.UNIQUE_SESSIONS] };
  const gone = await ask(august, sessions);
  expect({ ...gone, covered: coveredIn(gone) }).toMatchObject({ buckets: [], source: Source.RAW, covered: [] });
  const half = await ask(['2026-08-01T00:00:00Z', '2026-12-01T00:00:00Z'], sessions);
  expect(countsOf(half)).toEqual({ '2026-11-20': 1 });
  expect(coveredIn(half)).toEqual(['2026-09-01T00:00:00Z', '2026-12-01T00:00:00Z']);
});

onCommunity('a longer retention keeps what rollups hold of days that the shorter one dropped', async () => {
  await threeDays();
  await harness.ingest(event({ at: '2026-08-15T12:00:00Z' }));
  await refresh(...views);
  await admin.query(`SELECT drop_chunks('events.events', older_than => '2026-08-04'::timestamptz)`);
  await harness.stopService();
  const settings = { chunkInterval: '1 day', retention: '1 year', columnstoreAfter: '7 days' } as const;
  for (let twice = 0; twice < 2; twice++) await migrate(harness.databaseUrl, settings, log);
  await admin.query(
    `DO $$ DECLARE job int; BEGIN
       FOR job IN SELECT job_id FROM timescaledb_information.jobs
         WHERE proc_name = 'policy_refresh_continuous_aggregate' ORDER BY job_id
       LOOP CALL run_job(job); COMMIT; END LOOP;
     END $$`,
  );

  const again = await startEvents({
    clock: () => now * 1_000,
    database: { url: harness.databaseUrl, stop: async () => {} },
  });
  const days = await again.events.queryBuckets(
    QueryBucketsRequest.fromPartial({ range: range(...august), width: { unit: TimeUnit.DAY } }),
  );
  expect(countsOf(days)).toEqual({ '2026-08-01': 2, '2026-08-02': 1, '2026-08-03': 1 });
  expect(coveredIn(days)).toEqual(august);
  const sessions = await again.events.queryBuckets(
    QueryBucketsRequest.fromPartial({
      range: range('2026-08-01T00:00:00Z', '2026-08-16T00:00:00Z'),
      width: { unit: TimeUnit.DAY },
      measures: [Measure.UNIQUE_SESSIONS],
    }),
  );
  expect(coveredIn(sessions)[1]).toBe('2026-08-16T00:00:00Z');
  expect((coveredIn(sessions)[0] ?? '') > '2026-08-04').toBe(true);
  await again.stop();
});

onCommunity(
  'what was dropped by hand is answered until a refresh forgets it, and covered says from where',
  async () => {
    await threeDays();
    await refresh(...views);
    await admin.query(`
    INSERT INTO events.dropped_ranges VALUES ('events', '2026-08-01', '2026-08-03', now());
    SELECT drop_chunks('events.events', older_than => '2026-08-03'::timestamptz);`);
    const kept = await ask(august);
    expect(countsOf(kept)).toEqual({ '2026-08-01': 2, '2026-08-02': 1, '2026-08-03': 1 });
    expect(coveredIn(kept)).toEqual(august);
    const raw = await ask(august, { measures: [Measure.UNIQUE_SESSIONS] });
    expect(countsOf(raw)).toEqual({ '2026-08-03': 1 });
    expect(coveredIn(raw)).toEqual(['2026-08-03T00:00:00Z', august[1]]);
    await refresh(...views);
    const forgotten = await ask(august);
    expect(countsOf(forgotten)).toEqual({ '2026-08-03': 1 });
    expect(coveredIn(forgotten)).toEqual(['2026-08-03T00:00:00Z', august[1]]);
  },
);

onCommunity('of days dropped one after another, those that a refresh has seen are not covered', async () => {
  await threeDays();
  await refresh(...views);
  for (const [from, to] of [
    ['2026-08-01', '2026-08-02'],
    ['2026-08-02', '2026-08-03'],
  ]) {
    await admin.query(`
      INSERT INTO events.dropped_ranges VALUES ('events', '${from}', '${to}', now());
      SELECT drop_chunks('events.events', older_than => '${to}'::timestamptz);`);
    if (from === '2026-08-01') await refresh(...views);
  }
  const answer = await ask(august);
  expect(countsOf(answer)).toEqual({ '2026-08-02': 1, '2026-08-03': 1 });
  expect(coveredIn(answer)).toEqual(['2026-08-02T00:00:00Z', august[1]]);
});

onCommunity('a rollup that is dropped, and then made anew, costs no answer', async () => {
  await threeDays();
  await refresh(...views);
  const counts = { '2026-08-01': 2, '2026-08-02': 1, '2026-08-03': 1 };
  for (let often = 0; often < 4; often++) expect(countsOf(await ask(august))).toEqual(counts);
  await admin.query('DROP MATERIALIZED VIEW events.events_daily');
  for (let often = 0; often < 4; often++) {
    const answer = await ask(august);
    expect([countsOf(answer), answer.rollups]).toEqual([counts, ['events_hourly']]);
  }
});

onCommunity('a page as long as it may be is rolled up like any other', async () => {
  // Random, so that no compression makes it short enough for an index.
  const page = Array.from({ length: 4_096 }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000)));
  await harness.ingest(event({ at: '2026-08-01T10:00:00Z', page: page.join('') }));
  await refresh(...views);
  const answer = await ask(august, { filter: { pageCondition: { $case: 'page', value: page.join('') } } });
  expect([countsOf(answer), answer.source]).toEqual([{ '2026-08-01': 1 }, Source.ROLLUP]);
});

onApache('the answer is the same from the events, and says so', async () => {
  await threeDays();
  const days = await ask(august);
  expect(countsOf(days)).toEqual({ '2026-08-01': 2, '2026-08-02': 1, '2026-08-03': 1 });
  expect({ ...days, covered: coveredIn(days) }).toMatchObject({ source: Source.RAW, rollups: [], covered: august });
});

onRealServer('answers are right at every moment while rollups are refreshed and late events come', async () => {
  const began = Date.now();
  let stored = 0;
  let refreshes = 0;
  let asked = 0;
  let fromRollups = 0;
  let failed = false;
  const enough = (): boolean => Date.now() - began > 6_000 && asked > 20 && fromRollups > 5;
  const goesOn = (): boolean => !failed && !enough() && Date.now() - began < 200_000;
  // One that began before the last event does not know it; where every hour has such an event, no rollup is asked.
  const refreshed = async (): Promise<void> => {
    for (const known = refreshes; refreshes < known + 2 && goesOn();) await sleep(10);
  };
  const writing = async (): Promise<void> => {
    for (let minute = 0; goesOn(); minute = (minute + 37) % 4_320) {
      const at = new Date(Date.parse(august[0]) + minute * 60_000 + (stored % 60) * 1_000).toISOString();
      await harness.ingest(event({ at: at.replace('.000Z', 'Z') }));
      stored += 1;
      if (stored % 200 === 0) await refreshed();
    }
  };
  const refreshing = async (): Promise<void> => {
    for (; goesOn(); refreshes += 1) await refresh('events_hourly', 'events_daily');
  };
  const asking = async (): Promise<void> => {
    while (goesOn()) {
      const before = stored;
      const { buckets, source } = await ask(august);
      const count = buckets.reduce((sum, bucket) => sum + Number(bucket.count), 0);
      // An event counts from its reply on; the one that is under way may.
      expect({ before, count, after: stored }).toEqual({ before, count, after: expect.any(Number) as number });
      expect(count).toBeGreaterThanOrEqual(before);
      expect(count).toBeLessThanOrEqual(stored + 1);
      asked += 1;
      if (source === Source.ROLLUP) fromRollups += 1;
    }
  };
  const arms = [writing, refreshing, asking, asking].map(async (arm) => {
    try {
      await arm();
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  // All of them, so that none runs on against a service that is stopped.
  await Promise.allSettled(arms);
  await Promise.all(arms);
  expect(countsOf(await ask(august))).toEqual(countsOf(await ask(august, { measures: [Measure.UNIQUE_USERS] })));
  expect({ often: asked > 20, fromRollups: fromRollups > 5 }).toEqual({ often: true, fromRollups: true });
});
