import {
  Fill,
  Measure,
  QueryBucketsRequest,
  Source,
  TimeUnit,
  type QueryBucketsResponse,
} from '@tidemark/contracts/events';
import { testEdition } from '@tidemark/testing';
import pg from 'pg';
import { event, iso, range, startEvents, type Harness } from './harness.ts';

const edition = await testEdition();
const onCommunity = edition === 'community' ? test : test.skip;
if (edition !== 'community') console.info('The Apache edition has no rollups: tests of them are skipped.');

const start = '2026-10-01T00:00:00Z';
let now = Date.parse('2026-10-20T00:00:00Z') * 1_000;
let harness: Harness;
let admin: pg.Client;

beforeEach(async () => {
  now = Date.parse('2026-10-20T00:00:00Z') * 1_000;
  harness = await startEvents({ clock: () => now });
  admin = new pg.Client({ connectionString: harness.databaseUrl });
  await admin.connect();
  await harness.ingest(
    event({ at: '2026-10-01T10:00:00Z', duration: { seconds: 1n, nanos: 0 } }),
    event({ at: '2026-10-01T10:30:00Z', duration: { seconds: 2n, nanos: 0 }, page: '/a' }),
    event({ at: '2026-10-03T12:00:00Z', userAgent: 'Googlebot/2.1 (+http://www.google.com/bot.html)' }),
  );
});
afterEach(async () => {
  await admin.end();
  await harness.stop();
});

async function refresh(): Promise<void> {
  for (const name of ['events_hourly', 'events_daily', 'events_hourly_pages', 'events_daily_pages']) {
    await admin.query(`CALL refresh_continuous_aggregate('events.${name}', NULL, '2026-10-10')`);
  }
}

function ask(asked: Parameters<typeof QueryBucketsRequest.fromPartial>[0] = {}): Promise<QueryBucketsResponse> {
  const daily = { range: range(start, '2026-10-05T00:00:00Z'), width: { count: 1, unit: TimeUnit.DAY } };
  return harness.events.queryBuckets(QueryBucketsRequest.fromPartial({ ...daily, ...asked }));
}

const counts = ({ buckets }: QueryBucketsResponse): string[] =>
  buckets.map((bucket) => `${iso(bucket.start).slice(8, 10)} ${bucket.count}`);

test('events alone answer where there is no rollup yet', async () => {
  const answer = await ask();
  expect(counts(answer)).toEqual(['01 2', '03 1']);
  expect(answer).toMatchObject({ source: Source.RAW, rollups: [], covered: range(start, '2026-10-05T00:00:00Z') });
});

onCommunity('the daily rollup answers, and a late event between two refreshes is counted at once', async () => {
  await refresh();
  expect(await ask()).toMatchObject({ source: Source.ROLLUP, rollups: ['events_daily'] });
  await harness.ingest(event({ at: '2026-10-01T23:00:00Z' }));
  const answer = await ask({ measures: [Measure.AVG_DURATION], fill: Fill.ZERO });
  expect(counts(answer)).toEqual(['01 3', '02 0', '03 1', '04 0']);
  expect(answer.rollups).toEqual(['events_daily', 'events_hourly']);
  expect(answer.buckets[0]?.avgDuration).toEqual({ seconds: 1n, nanos: 500_000_000 });
});

onCommunity('bots and pages are left to the rollups, percentiles and other filters to the events', async () => {
  await refresh();
  const people = await ask({ filter: { excludeBots: true } });
  expect(counts(people)).toEqual(['01 2']);
  expect(people.rollups).toEqual(['events_daily']);
  const paged = await ask({ filter: { pageCondition: { $case: 'page', value: '/a' } } });
  expect(counts(paged)).toEqual(['01 1']);
  expect(paged.rollups).toEqual(['events_daily_pages']);
  expect((await ask({ measures: [Measure.P50_DURATION] })).source).toBe(Source.RAW);
  expect((await ask({ filter: { sessionId: 's' } })).source).toBe(Source.RAW);
});

onCommunity('a rollup answers for days that the retention has dropped, and covered says where none does', async () => {
  await refresh();
  now = Date.parse('2027-01-03T00:00:00Z') * 1_000;
  await admin.query(`SELECT drop_chunks('events.events', older_than => '2026-10-03'::timestamptz)`);
  const answer = await ask();
  expect(counts(answer)).toEqual(['01 2', '03 1']);
  expect(answer).toMatchObject({ source: Source.ROLLUP, covered: range(start, '2026-10-05T00:00:00Z') });
  const raw = await ask({ measures: [Measure.P50_DURATION] });
  expect(counts(raw)).toEqual(['03 1']);
  expect(raw).toMatchObject({ source: Source.RAW, covered: range('2026-10-03T00:00:00Z', '2026-10-05T00:00:00Z') });
  const gone = await ask({ range: range(start, '2026-10-02T00:00:00Z'), measures: [Measure.P50_DURATION] });
  expect(gone).toMatchObject({ buckets: [], covered: undefined });
});

onCommunity('what was dropped by hand is covered by rollups, and not by events', async () => {
  await refresh();
  await admin.query(
    `SELECT events.drop_previewed_chunks('2026-10-01', '2026-10-02', ARRAY(
       SELECT show_chunks('events.events', older_than => '2026-10-02'::timestamptz)::text
     ))`,
  );
  expect(counts(await ask())).toEqual(['01 2', '03 1']);
  expect((await ask()).covered).toEqual(range(start, '2026-10-05T00:00:00Z'));
  expect((await ask({ measures: [Measure.P50_DURATION] })).covered).toEqual(
    range('2026-10-02T00:00:00Z', '2026-10-05T00:00:00Z'),
  );
});
