import {
  Dimension,
  Fill,
  Measure,
  QueryBucketsRequest,
  Source,
  TimeUnit,
  type Bucket,
  type Event,
} from '@tidemark/contracts/events';
import { random, testEdition } from '@tidemark/testing';
import pg from 'pg';
import { event, iso, startEvents, timestamp, type Harness } from './harness.ts';
import { naiveBoundaries, type Unit } from './naive-buckets.ts';

// Around a change of the clock: an hour, half an hour, at midnight, over a whole day, in both directions.
const edges: Array<readonly [zone: string, at: string]> = [
  ['UTC', '2026-03-01T00:00:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2025-11-02T06:00:00Z'],
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2025-10-26T01:00:00Z'],
  ['Asia/Kathmandu', '2026-01-01T00:00:00Z'],
  ['Australia/Lord_Howe', '2025-10-04T15:30:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
  ['America/Havana', '2025-11-02T05:00:00Z'],
  ['America/Havana', '2026-03-08T05:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ['Africa/Casablanca', '2026-02-15T02:00:00Z'],
];
const widths: Array<readonly [count: number, unit: Unit]> = [
  [1, 'MINUTE'], [7, 'MINUTE'], [15, 'MINUTE'], [40, 'MINUTE'], [1, 'HOUR'], [2, 'HOUR'], [5, 'HOUR'], [6, 'HOUR'],
  [24, 'HOUR'], [1, 'DAY'], [2, 'DAY'], [1, 'WEEK'], [1, 'MONTH'], [1, 'QUARTER'], [1, 'YEAR'], [90, 'MINUTE'],
]; // prettier-ignore
const browsers = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
];
const bots = ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'curl/8.5.0'];
const dayMs = 86_400_000;
const rounds = 10;
const questionsPerRound = 210;
const rollups = ['events_daily', 'events_hourly', 'events_daily_pages', 'events_hourly_pages'];
const edition = await testEdition();

let harness: Harness;
let admin: pg.Client;
const seed = Number(process.env['ORACLE_SEED'] ?? Date.now() % 1_000_000);
const dice = random(seed);
const stored: Event[] = [];

beforeAll(async () => {
  console.log(`seed of the questions: ORACLE_SEED=${seed}`);
  harness = await startEvents({ retention: 'none', clock: () => Date.parse('2026-11-01T00:00:00Z') * 1_000 });
  for (const [, at] of edges) {
    const batch = Array.from({ length: 200 }, () => randomEvent(Date.parse(at)));
    stored.push(...batch);
    await harness.ingest(...batch);
  }
  admin = new pg.Client({ connectionString: harness.databaseUrl });
  await admin.connect();
  if (edition === 'community') await admin.query('ALTER TABLE events.events SET (timescaledb.compress)');
});
afterAll(async () => {
  await admin.end();
  await harness.stop();
});

const compressed: Array<readonly [startMs: number, endMs: number]> = [];

/** Late events, refreshes that reach further than the one before, and chunks that go into the columnstore. */
async function goOn(round: number): Promise<void> {
  const sorted = edges.map(([, at]) => Date.parse(at)).sort((a, b) => a - b);
  if (edition === 'community') {
    const edge = sorted[Math.min(sorted.length - 1, 3 * round + 4)] ?? 0;
    const untilMs = edge + (dice.fraction() * 4 - 2) * dayMs;
    for (const rollup of rollups) {
      // Some fall behind.
      if (dice.below(3) > 0) await refresh(rollup, null, untilMs);
      const fromMs = dice.pick(sorted) - 5 * dayMs;
      if (dice.below(3) === 0) await refresh(rollup, fromMs, fromMs + (4 + dice.below(4)) * dayMs);
    }
    await compressSome();
  }
  // Few: each makes a day of every rollup stale.
  const late = Array.from({ length: 6 }, () => randomEvent(dice.pick(sorted)));
  stored.push(...late);
  await harness.ingest(...late);
}

async function refresh(rollup: string, fromMs: number | null, untilMs: number): Promise<void> {
  const from = fromMs === null ? 'NULL' : `'${new Date(fromMs).toISOString()}'`;
  await admin.query(
    `CALL refresh_continuous_aggregate('events.${rollup}', ${from}, '${new Date(untilMs).toISOString()}')`,
  );
}

async function compressSome(): Promise<void> {
  const { rows } = await admin.query<{ name: string; start: Date; end: Date }>(
    `SELECT format('%I.%I', chunk_schema, chunk_name) AS name, range_start AS start, range_end AS end
     FROM timescaledb_information.chunks
     WHERE hypertable_schema = 'events' AND hypertable_name = 'events' AND NOT is_compressed
     ORDER BY range_start`,
  );
  for (const { name, start, end } of rows) {
    if (dice.below(8) > 0) continue;
    await admin.query('SELECT compress_chunk($1::regclass)', [name]);
    compressed.push([start.getTime(), end.getTime()]);
  }
}

/** Near the edge for the most part, and often on a whole hour to the microsecond. */
function randomEvent(edgeMs: number): Event {
  const spread = dice.pick([2 * 3_600_000, dayMs, 3 * dayMs]);
  const ms = edgeMs + Math.floor((dice.fraction() * 2 - 1) * spread);
  const whole = dice.pick([1, 1, 60_000, 3_600_000]);
  const micros = dice.pick(['000', '001', '999', '500']);
  return event({
    at: new Date(Math.floor(ms / whole) * whole).toISOString().replace('Z', `${whole === 1 ? micros : '000'}Z`),
    page: dice.pick(['/', '/a', '/b', '/b/c']),
    userAgent: dice.pick(['', ...browsers, ...bots]),
    sessionId: dice.pick(['', 's1', 's2', 's3']),
    userId: dice.pick(['', 'u1', 'u2']),
    properties: dice.pick<Record<string, unknown> | undefined>([
      undefined,
      { status: 200 },
      { status: '200' },
      { status: null },
    ]),
    duration: dice.pick([undefined, { seconds: BigInt(dice.below(5)), nanos: dice.below(1_000_000) * 1_000 }]),
  });
}

const filtersOfRollups = [
  {},
  { excludeBots: true },
  { pageCondition: { $case: 'page' as const, value: '/b' } },
  { pageCondition: { $case: 'pagePrefix' as const, value: '/b' }, excludeBots: true },
];
const measuresOfRollups = [
  [],
  [Measure.AVG_DURATION],
  [Measure.AVG_DURATION, Measure.MIN_DURATION, Measure.MAX_DURATION],
];

interface Asked {
  request: QueryBucketsRequest;
  startMs: number;
  endMs: number;
}

function randomQuestion(): Asked {
  const [edgeZone, at] = dice.pick(edges);
  const zone = dice.pick([edgeZone, edgeZone, 'UTC']);
  // Half of the questions are such as a rollup may answer.
  const plainly = dice.below(2) === 0;
  const [count, unit] = dice.pick(widths);
  const days = count * (unit === 'MINUTE' ? 0.5 : 1);
  const round = dice.pick([60_000, 3_600_000, 3_600_000, dayMs]);
  const startMs = Math.floor((Date.parse(at) - dice.fraction() * Math.min(days, 3) * dayMs) / round) * round;
  const endMs = startMs + Math.ceil((dice.fraction() * 3 * dayMs) / round) * round;
  const groupings = [
    { by: { $case: 'dimension' as const, value: Dimension.PAGE } },
    { by: { $case: 'dimension' as const, value: Dimension.SESSION } },
    { by: { $case: 'property' as const, value: 'status' } },
  ];
  const request = QueryBucketsRequest.fromPartial({
    range: { start: timestamp(new Date(startMs).toISOString()), end: timestamp(new Date(endMs).toISOString()) },
    width: { count: count === 1 ? dice.below(2) : count, unit: TimeUnit[unit] },
    timeZone: zone,
    filter: dice.pick<Record<string, unknown>>(
      plainly
        ? filtersOfRollups
        : [
            {},
            {},
            { pageCondition: { $case: 'page' as const, value: '/b' } },
            { pageCondition: { $case: 'pagePrefix' as const, value: '/b' } },
            { sessionId: 's1' },
            { userId: 'u2', properties: { status: 200 } },
            { properties: { status: null } },
            { excludeBots: true },
            { excludeBots: true, userAgentContains: 'mozilla' },
          ],
    ),
    groupBy: dice.pick(
      plainly ? [[], [], [groupings[0]]] : [[], [], [groupings[0]], [groupings[2]], [groupings[1], groupings[0]]],
    ) as never,
    measures: dice.pick<Measure[]>(
      plainly
        ? measuresOfRollups
        : [
            [
        Measure.UNIQUE_SESSIONS, Measure.UNIQUE_USERS, Measure.AVG_DURATION, Measure.MIN_DURATION, Measure.MAX_DURATION,
        Measure.P50_DURATION, Measure.P95_DURATION, Measure.P99_DURATION,
      ], // prettier-ignore
            [],
          ],
    ),
    fill: dice.pick([Fill.NONE, Fill.ZERO, Fill.LAST, Fill.LINEAR]),
    seriesLimit: dice.pick([0, 1, 2]),
  });
  return { request, startMs, endMs };
}

test(`${rounds * questionsPerRound} random questions get the answer of a naive count`, async () => {
  const answered = { raw: 0, rollup: 0, daily: 0, seam: 0, compressed: 0 };
  for (let round = 0; round < rounds; round += 1) {
    await goOn(round);
    for (let asked = 0; asked < questionsPerRound;) {
      const question = randomQuestion();
      const expected = naiveAnswer(question);
      if (expected === 'too many') continue;
      const { startMs, endMs, request } = question;
      const { buckets, source, rollups: names, covered } = await harness.events.queryBuckets(request);
      const context = JSON.stringify({ seed, round, asked, request: QueryBucketsRequest.toJSON(request), names });
      expect({ context, buckets: buckets.map((each) => ofMeasures(plain(each), request)) }).toEqual({
        context,
        buckets: expected.map((each) => ofMeasures(each, request)),
      });
      expect(covered).toEqual(request.range);
      answered[source === Source.ROLLUP ? 'rollup' : 'raw'] += 1;
      if (names.some((name) => name.includes('daily'))) answered.daily += 1;
      if (names.length > 1) answered.seam += 1;
      if (compressed.some(([start, end]) => start < endMs && end > startMs)) answered.compressed += 1;
      asked += 1;
    }
  }
  console.info(`of the answers, ${JSON.stringify(answered)}`);
  // Before 2.29 TimescaleDB takes more for stale than is, so that fewer answers are from rollups.
  const least = { raw: 50, compressed: 50, rollup: 50, daily: 10, seam: 3 };
  const ofApache = { raw: 50, compressed: 0, rollup: 0, daily: 0, seam: 0 };
  const wanted = edition === 'community' ? least : ofApache;
  for (const kind of Object.keys(least) as (keyof typeof least)[]) {
    expect({ kind, often: answered[kind] >= wanted[kind] }).toEqual({ kind, often: true });
  }
}, 1_800_000);

const measuresOf: Readonly<Partial<Record<keyof Plain, Measure>>> = {
  sessions: Measure.UNIQUE_SESSIONS,
  users: Measure.UNIQUE_USERS,
  avg: Measure.AVG_DURATION,
  min: Measure.MIN_DURATION,
  max: Measure.MAX_DURATION,
  p50: Measure.P50_DURATION,
  p95: Measure.P95_DURATION,
  p99: Measure.P99_DURATION,
};

/** Without what the question did not ask for. */
function ofMeasures(bucket: Plain, { measures }: QueryBucketsRequest): Partial<Plain> {
  const asked = Object.entries(bucket).filter(([name]) => {
    const measure = measuresOf[name as keyof Plain];
    return measure === undefined || measures.includes(measure);
  });
  return Object.fromEntries(asked);
}

type Plain = ReturnType<typeof plain>;

function plain(bucket: Bucket) {
  const nanos = (duration: Bucket['avgDuration']) => duration && Number(duration.seconds) * 1e9 + duration.nanos;
  return {
    start: iso(bucket.start),
    group: bucket.other ? 'other' : JSON.stringify(bucket.group),
    count: Number(bucket.count),
    sessions: Number(bucket.uniqueSessions),
    users: Number(bucket.uniqueUsers),
    avg: nanos(bucket.avgDuration),
    min: nanos(bucket.minDuration),
    max: nanos(bucket.maxDuration),
    p50: nanos(bucket.p50Duration),
    p95: nanos(bucket.p95Duration),
    p99: nanos(bucket.p99Duration),
    filled: bucket.filled,
  };
}

function naiveAnswer({ request, startMs, endMs }: Asked): Plain[] | 'too many' {
  const unit = (Object.keys(TimeUnit) as Unit[]).find((name) => TimeUnit[name] === request.width?.unit) ?? 'DAY';
  const lookBack = { MINUTE: 3, HOUR: 4, DAY: 6, WEEK: 16, MONTH: 70, QUARTER: 190, YEAR: 740 }[unit as 'DAY'] * dayMs;
  const all = naiveBoundaries(
    Math.floor((startMs - lookBack) / dayMs) * dayMs,
    endMs,
    request.width?.count || 1,
    unit,
    request.timeZone,
  );
  const starts = all.slice(
    Math.max(
      0,
      all.findLastIndex((boundary) => boundary <= startMs),
    ),
  );
  const matching = stored.filter((each) => msOf(each) >= startMs && msOf(each) < endMs && matches(each, request));
  const series = seriesOf(matching, request);
  if (starts.length * series.length > 10_000) return 'too many';
  const found = Map.groupBy(matching, (each) => {
    const index = starts.findLastIndex((start) => start <= msOf(each));
    return `${index} ${groupIn(each, request, series)}`;
  });
  const answered = starts.flatMap((start, index) => {
    return series.flatMap((group) => {
      const events = found.get(`${index} ${group}`) ?? [];
      return events.length > 0 || request.fill !== Fill.NONE ? [measured(start, group, events)] : [];
    });
  });
  return request.fill === Fill.LAST || request.fill === Fill.LINEAR ? answered.map(filledBy(request.fill)) : answered;
}

/** What a bucket without events shows in place of nothing. */
function filledBy(fill: Fill) {
  return (bucket: Plain, place: number, all: readonly Plain[]): Plain => {
    if (bucket.count > 0) return bucket;
    const others = (range: readonly Plain[]): Plain[] => range.filter((o) => o.group === bucket.group && o.count > 0);
    const before = others(all.slice(0, place)).at(-1);
    const [after] = others(all.slice(place));
    if (!before || (fill === Fill.LINEAR && !after)) return bucket;
    const { start, group, filled } = bucket;
    if (fill === Fill.LAST || !after) return { ...before, start, group, filled };
    const at = (time: string): bigint => BigInt(Date.parse(time));
    const [length, passed] = [at(after.start) - at(before.start), at(start) - at(before.start)];
    const between = (name: keyof Plain): number | undefined => {
      const [low, high] = [before[name], after[name]];
      if (typeof low !== 'number' || typeof high !== 'number') return undefined;
      const sum = BigInt(low) * (length - passed) + BigInt(high) * passed;
      return Number((2n * sum + length) / (2n * length));
    };
    const names = Object.keys(bucket) as (keyof Plain)[];
    return { ...bucket, ...Object.fromEntries(names.map((name) => [name, between(name)])), start, group, filled };
  };
}

function msOf({ time }: Event): number {
  return Number(time?.seconds) * 1_000 + (time?.nanos ?? 0) / 1e6;
}

function matches(each: Event, { filter }: QueryBucketsRequest): boolean {
  const condition = filter?.pageCondition;
  if (condition?.$case === 'page' && each.page !== condition.value) return false;
  if (condition?.$case === 'pagePrefix' && !each.page.startsWith(condition.value)) return false;
  if (filter?.sessionId && each.sessionId !== filter.sessionId) return false;
  if (filter?.userId && each.userId !== filter.userId) return false;
  if (filter?.excludeBots && bots.includes(each.userAgent)) return false;
  if (filter?.userAgentContains && !each.userAgent.toLowerCase().includes(filter.userAgentContains)) return false;
  return Object.entries(filter?.properties ?? {}).every(([name, value]) => each.properties?.[name] === value);
}

function groupOf(each: Event, { groupBy }: QueryBucketsRequest): string {
  const values = groupBy.map(({ by }) => {
    if (by?.$case === 'property') return textOf(each.properties?.[by.value]);
    return by?.value === Dimension.PAGE ? each.page : each.sessionId;
  });
  return JSON.stringify(values);
}

/** A string as it is, others as JSON; nothing and null are empty. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** The groups with the most events, then `other`. */
function seriesOf(matching: Event[], request: QueryBucketsRequest): string[] {
  if (request.groupBy.length === 0) return ['[]'];
  const counts = new Map<string, number>();
  for (const each of matching) counts.set(groupOf(each, request), (counts.get(groupOf(each, request)) ?? 0) + 1);
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || compareLists(a, b)).map(([group]) => group);
  const limit = request.seriesLimit || 20;
  if (ranked.length <= limit) return ranked;
  // `other` may well hold more events than a group: it comes last all the same.
  return [...ranked.slice(0, limit), 'other'];
}

function compareLists(a: string, b: string): number {
  const [left, right] = [JSON.parse(a) as string[], JSON.parse(b) as string[]];
  const different = left.findIndex((value, index) => value !== right[index]);
  return different < 0 ? 0 : (left[different] ?? '') < (right[different] ?? '') ? -1 : 1;
}

function groupIn(each: Event, request: QueryBucketsRequest, series: string[]): string {
  const group = groupOf(each, request);
  return series.includes(group) ? group : 'other';
}

function measured(startMs: number, group: string, events: Event[]): Plain {
  const durations = events
    .flatMap(({ duration }) => (duration ? [Number(duration.seconds) * 1e9 + duration.nanos] : []))
    .sort((a, b) => a - b);
  const some = <T>(value: T): T | undefined => (durations.length > 0 ? value : undefined);
  const percentile = (fraction: number): number => {
    const place = fraction * (durations.length - 1);
    const low = durations[Math.floor(place)] ?? 0;
    const high = durations[Math.ceil(place)] ?? 0;
    return Math.round(low + (high - low) * (place - Math.floor(place)));
  };
  return {
    start: iso(timestamp(new Date(startMs).toISOString().replace('.000Z', 'Z'))),
    group,
    count: events.length,
    sessions: new Set(events.map(({ sessionId }) => sessionId).filter(Boolean)).size,
    users: new Set(events.map(({ userId }) => userId).filter(Boolean)).size,
    avg: some(Math.round(durations.reduce((sum, each) => sum + each, 0) / durations.length)),
    min: some(durations[0] ?? 0),
    max: some(durations.at(-1) ?? 0),
    p50: some(percentile(0.5)),
    p95: some(percentile(0.95)),
    p99: some(percentile(0.99)),
    filled: events.length === 0,
  };
}
