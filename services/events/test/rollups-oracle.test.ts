import {
  Dimension,
  Measure,
  QueryBucketsRequest,
  Source,
  TimeUnit,
  type Bucket,
  type Event,
} from '@tidemark/contracts/events';
import { testEdition } from '@tidemark/testing';
import pg from 'pg';
import { event, iso, startEvents, timestamp, type Harness } from './harness.ts';
import { naiveBoundaries, type Unit } from './naive-buckets.ts';
import { random } from './random.ts';

const edition = await testEdition();
const onCommunity = edition === 'community' ? test : test.skip;
if (edition === 'apache') console.info('The Apache edition has no rollups: their oracle is skipped.');

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
// With a change of the clock in New York and one in Berlin.
const first = Date.parse('2026-03-02T00:00:00Z');
const last = Date.parse('2026-04-03T00:00:00Z');
const zones = ['UTC', 'UTC', 'UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Asia/Kathmandu'];
const widths: Array<readonly [count: number, unit: Unit]> = [
  [30, 'MINUTE'], [90, 'MINUTE'], [1, 'HOUR'], [2, 'HOUR'], [6, 'HOUR'], [24, 'HOUR'], [1, 'DAY'], [1, 'DAY'],
  [2, 'DAY'], [1, 'WEEK'], [1, 'MONTH'],
]; // prettier-ignore
const bot = 'Googlebot/2.1 (+http://www.google.com/bot.html)';
const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const rollups = ['events_hourly', 'events_daily', 'events_hourly_pages', 'events_daily_pages'];
const rounds = 14;
const questionsOfARound = 125;
const inFlight = 5;

const seed = Number(process.env['ORACLE_SEED'] ?? Date.now() % 1_000_000);
const dice = random(seed);
const stored: Event[] = [];
const compressed = new Set<number>();
const hits = { raw: 0, hourly: 0, daily: 0, pages: 0, seam: 0, compressed: 0 };

let harness: Harness;
let admin: pg.Client;
beforeAll(async () => {
  harness = await startEvents({ retention: 'none', clock: () => Date.parse('2026-11-01T00:00:00Z') * 1_000 });
  admin = new pg.Client({ connectionString: harness.databaseUrl });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await harness.stop();
});

onCommunity(
  `${rounds * questionsOfARound} random questions get the answer of a naive count, from events, rollups and both`,
  async () => {
    console.log(`seed of the questions: ORACLE_SEED=${seed}`);
    await stopRefreshing();
    for (let days = 0; days < 32; days += 4) await store(200, first + days * dayMs, 4 * dayMs);
    for (let round = 0; round < rounds; round += 1) {
      for (const view of rollups) if (round === 0 || dice.below(3) === 0) await refresh(view);
      if (round % 3 === 2) await compress(first + dice.below(32) * dayMs);
      // Late ones, which no refresh has seen yet.
      if (round > 0) await store(dice.pick([1, 5, 20]), first + dice.below(30) * dayMs, dice.pick([hourMs, 2 * dayMs]));
      for (let asked = 0; asked < questionsOfARound; asked += inFlight) {
        await Promise.all(Array.from({ length: inFlight }, () => check(randomQuestion())));
      }
    }
    console.log(`answers by what they were made of: ${JSON.stringify(hits)}`);
    for (const [kind, count] of Object.entries(hits))
      expect({ kind, often: count >= 50 }).toEqual({ kind, often: true });
  },
  300_000,
);

/** What is materialized shall be the dice's choice. */
async function stopRefreshing(): Promise<void> {
  await admin.query(
    `SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs
     WHERE proc_name = 'policy_refresh_continuous_aggregate'`,
  );
}

async function store(count: number, fromMs: number, lengthMs: number): Promise<void> {
  const batch = Array.from({ length: count }, () => randomEvent(fromMs, lengthMs));
  stored.push(...batch);
  await harness.ingest(...batch);
}

function randomEvent(fromMs: number, lengthMs: number): Event {
  const whole = dice.pick([1, 1, hourMs]);
  const ms = Math.floor((fromMs + dice.fraction() * lengthMs) / whole) * whole;
  const micros = whole === 1 ? dice.pick(['000', '001', '999']) : '000';
  return event({
    at: new Date(ms).toISOString().replace('Z', `${micros}Z`),
    page: dice.pick(['/', '/a', '/b', '/b/c']),
    userAgent: dice.pick(['', browser, browser, bot]),
    duration: dice.pick([undefined, { seconds: BigInt(dice.below(5)), nanos: dice.below(1_000_000) * 1_000 }]),
  });
}

/** All of it or a part. */
async function refresh(view: string): Promise<void> {
  const start = dice.pick([null, first + dice.below(20) * dayMs]);
  const end = dice.pick([null, (start ?? first) + (2 + dice.below(20)) * dayMs + dice.below(24) * hourMs]);
  const bound = (ms: number | null): string => (ms === null ? 'NULL' : `'${new Date(ms).toISOString()}'`);
  await admin.query(`CALL refresh_continuous_aggregate('events.${view}', ${bound(start)}, ${bound(end)})`);
}

async function compress(dayStart: number): Promise<void> {
  if (compressed.size === 0) {
    await admin.query(`ALTER TABLE events.events SET (timescaledb.compress, timescaledb.compress_orderby = 'time')`);
  }
  await admin.query(
    `SELECT compress_chunk(chunk, true) FROM show_chunks('events.events', newer_than => $1::timestamptz,
       older_than => $1::timestamptz + interval '1 day') AS chunk`,
    [new Date(dayStart)],
  );
  compressed.add(dayStart);
}

interface Asked {
  request: QueryBucketsRequest;
  startMs: number;
  endMs: number;
}

function randomQuestion(): Asked {
  const [count, unit] = dice.pick(widths);
  const round = dice.pick([60_000, hourMs, hourMs, dayMs, dayMs]);
  const startMs = Math.floor((first + dice.fraction() * (last - first - dayMs)) / round) * round;
  const length = dice.pick([dayMs / 2, 3 * dayMs, 10 * dayMs, 30 * dayMs]);
  const endMs = startMs + Math.ceil((dice.fraction() * length) / round) * round;
  const request = QueryBucketsRequest.fromPartial({
    range: { start: timestamp(new Date(startMs).toISOString()), end: timestamp(new Date(endMs).toISOString()) },
    width: { count, unit: TimeUnit[unit] },
    timeZone: dice.pick(zones),
    filter: dice.pick([
      {},
      {},
      { excludeBots: true },
      { pageCondition: { $case: 'page' as const, value: '/b' } },
      { excludeBots: true, pageCondition: { $case: 'pagePrefix' as const, value: '/b' } },
      { userAgentContains: 'firefox' },
    ]),
    groupBy: dice.pick([[], [], [{ by: { $case: 'dimension' as const, value: Dimension.PAGE } }]]) as never,
    measures: dice.pick([[], [Measure.AVG_DURATION, Measure.MIN_DURATION, Measure.MAX_DURATION]]),
    seriesLimit: dice.pick([0, 1, 2]),
  });
  return { request, startMs, endMs };
}

async function check(question: Asked): Promise<void> {
  const { buckets, source, rollups: took } = await harness.events.queryBuckets(question.request);
  const matching = stored.filter((each) => isMatch(each, question));
  const context = JSON.stringify({ seed, took, ...question, request: QueryBucketsRequest.toJSON(question.request) });
  expect({ context, buckets: buckets.map(plain) }).toEqual({ context, buckets: naiveAnswer(question, matching) });
  tally(question, matching, source, took);
}

function tally({ startMs, endMs }: Asked, matching: Event[], source: Source, took: string[]): void {
  if (source === Source.RAW) hits.raw += 1;
  if (took.some((name) => name.includes('hourly'))) hits.hourly += 1;
  if (took.some((name) => name.includes('daily'))) hits.daily += 1;
  if (took.some((name) => name.endsWith('pages'))) hits.pages += 1;
  // No rollup knows the events before the first whole hour or after the last.
  const ragged = (ms: number): boolean =>
    ms < Math.ceil(startMs / hourMs) * hourMs || ms >= Math.floor(endMs / hourMs) * hourMs;
  if (source === Source.ROLLUP && matching.some((each) => ragged(msOf(each)))) hits.seam += 1;
  const inside = [...compressed].some((start) => start >= startMs && start + dayMs <= endMs);
  if (source === Source.RAW && inside) hits.compressed += 1;
}

type Plain = ReturnType<typeof plain>;

function plain(bucket: Bucket) {
  const nanos = (duration: Bucket['avgDuration']) => duration && Number(duration.seconds) * 1e9 + duration.nanos;
  return {
    start: iso(bucket.start),
    group: bucket.other ? 'other' : JSON.stringify(bucket.group),
    count: Number(bucket.count),
    avg: nanos(bucket.avgDuration),
    min: nanos(bucket.minDuration),
    max: nanos(bucket.maxDuration),
  };
}

function isMatch(each: Event, { request: { filter }, startMs, endMs }: Asked): boolean {
  const ms = msOf(each);
  if (ms < startMs || ms >= endMs) return false;
  const condition = filter?.pageCondition;
  if (condition?.$case === 'page' && each.page !== condition.value) return false;
  if (condition?.$case === 'pagePrefix' && !each.page.startsWith(condition.value)) return false;
  if (filter?.excludeBots && each.userAgent === bot) return false;
  return !filter?.userAgentContains || each.userAgent.toLowerCase().includes(filter.userAgentContains);
}

function naiveAnswer({ request, startMs, endMs }: Asked, matching: Event[]): Plain[] {
  const unit = (Object.keys(TimeUnit) as Unit[]).find((name) => TimeUnit[name] === request.width?.unit) ?? 'DAY';
  const lookBack = { MINUTE: 3, HOUR: 4, DAY: 6, WEEK: 16, MONTH: 70 }[unit as 'DAY'] * dayMs;
  const from = Math.floor((startMs - lookBack) / dayMs) * dayMs;
  const all = naiveBoundaries(from, endMs, request.width?.count ?? 1, unit, request.timeZone);
  const starts = all.slice(Math.max(0, all.findLastIndex((boundary) => boundary <= startMs))); // prettier-ignore
  const series = seriesOf(matching, request);
  return starts.flatMap((start, index) => {
    const end = starts[index + 1] ?? Infinity;
    const inside = matching.filter((each) => msOf(each) >= start && msOf(each) < end);
    return series.flatMap((group) => {
      const events = inside.filter((each) => groupIn(each, request, series) === group);
      return events.length > 0 ? [measured(start, group, events, request)] : [];
    });
  });
}

function seriesOf(matching: Event[], { groupBy, seriesLimit }: QueryBucketsRequest): string[] {
  if (groupBy.length === 0) return ['[]'];
  const counts = new Map<string, number>();
  for (const { page } of matching) counts.set(page, (counts.get(page) ?? 0) + 1);
  const ranked = [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([page]) => JSON.stringify([page]));
  const limit = seriesLimit || 20;
  return ranked.length <= limit ? ranked : [...ranked.slice(0, limit), 'other'];
}

function groupIn({ page }: Event, { groupBy }: QueryBucketsRequest, series: string[]): string {
  const group = groupBy.length === 0 ? '[]' : JSON.stringify([page]);
  return series.includes(group) ? group : 'other';
}

function measured(startMs: number, group: string, events: Event[], { measures }: QueryBucketsRequest): Plain {
  const durations = events.flatMap(({ duration }) =>
    duration ? [Number(duration.seconds) * 1e9 + duration.nanos] : [],
  );
  const some = (value: number): number | undefined => (measures.length > 0 && durations.length > 0 ? value : undefined);
  return {
    start: iso(timestamp(new Date(startMs).toISOString().replace('.000Z', 'Z'))),
    group,
    count: events.length,
    avg: some(Math.round(durations.reduce((sum, each) => sum + each, 0) / durations.length)),
    min: some(Math.min(...durations)),
    max: some(Math.max(...durations)),
  };
}

function msOf({ time }: Event): number {
  return Number(time?.seconds) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
