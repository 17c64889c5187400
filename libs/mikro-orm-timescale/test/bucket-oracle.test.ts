import { defineEntity, p, type MikroORM } from '@mikro-orm/postgresql';
import {
  avg,
  count,
  first,
  histogram,
  hypertable,
  last,
  max,
  min,
  sum,
  timescale,
  type FillMode,
  type Order,
  type Selection,
} from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { naiveBuckets, type NaiveQuery, type NaiveRow, type NaiveValue } from './naive-buckets.ts';
import { dayMs, minuteMs, naiveStarts, wallClock, type Multiple } from './naive-clock.ts';
import { dice } from './random.ts';

const seed = Number(process.env['BUCKET_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const random = dice(seed);
const cases = 500;
const hourMs = 60 * minuteMs;

// Clocks that are set an hour, half an hour or a whole day, at midnight, forth and back, and some that are not.
const edges: readonly (readonly [zone: string, at: string])[] = [
  ['UTC', '2020-03-01T00:00Z'],
  ['Europe/Berlin', '2025-03-30T01:00Z'],
  ['Europe/Berlin', '2025-10-26T01:00Z'],
  ['Europe/Dublin', '2024-10-27T01:00Z'],
  ['America/New_York', '2025-03-09T07:00Z'],
  ['America/New_York', '2024-11-03T06:00Z'],
  ['America/St_Johns', '2024-11-03T04:30Z'],
  ['Asia/Kathmandu', '2024-01-01T00:00Z'],
  ['Asia/Kolkata', '2021-06-01T00:00Z'],
  ['Asia/Pyongyang', '2015-08-14T15:00Z'],
  ['Australia/Lord_Howe', '2024-10-05T15:30Z'],
  ['Australia/Lord_Howe', '2024-04-06T15:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  ['Pacific/Apia', '2011-04-02T14:00Z'],
  ['Pacific/Chatham', '2024-04-06T14:00Z'],
  ['Africa/Casablanca', '2023-03-19T02:00Z'],
  ['Africa/Casablanca', '2023-04-23T02:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00Z'],
  ['America/Havana', '2023-11-05T05:00Z'],
  ['America/Havana', '2023-03-12T05:00Z'],
  ['Antarctica/Troll', '2024-03-31T01:00Z'],
  ['Asia/Gaza', '2019-10-25T21:00Z'],
];

type Every = readonly [every: string, multiple: Multiple];
const hours = (count: number): Multiple => ({ ms: count * hourMs });
const widths: readonly Every[] = [
  ['1 minute', { ms: minuteMs }],
  ['7 minutes', { ms: 7 * minuteMs }],
  ['15 minutes', hours(0.25)],
  ['30 minutes', hours(0.5)],
  ['40 minutes', { ms: 40 * minuteMs }],
  ['90 minutes', hours(1.5)],
  ['1 hour', hours(1)],
  ['2 hours', hours(2)],
  ['5 hours', hours(5)],
  ['6 hours', hours(6)],
  ['7 hours', hours(7)],
  ['12 hours', hours(12)],
  ['24 hours', hours(24)],
  ['1 day', hours(24)],
  ['1 day 12 hours', hours(36)],
  ['3 days', hours(72)],
  ['10 days', hours(240)],
  ['1 week', hours(168)],
  ['2 weeks', hours(336)],
  ['1 month', { months: 1 }],
  ['3 months', { months: 3 }],
  ['5 months', { months: 5 }],
  ['1 year', { months: 12 }],
  ['2 years', { months: 24 }],
];

const shared = {
  id: p.integer().primary(),
  deviceId: p.integer(),
  place: p.string().nullable(),
  temp: p.double().nullable(),
  level: p.integer(),
};
const Zoned = defineEntity({ name: 'Zoned', properties: { time: p.datetime(6).primary(), ...shared } });
hypertable(Zoned, { by: 'time', chunkInterval: '30 days' });
const Local = defineEntity({
  name: 'Local',
  properties: { time: p.datetime().columnType('timestamp(6)'), ...shared },
});
const Daily = defineEntity({ name: 'Daily', properties: { time: p.date().primary(), ...shared } });
hypertable(Daily, { by: 'time', chunkInterval: '30 days' });
const Counter = defineEntity({ name: 'Counter', properties: { time: p.bigint('number'), ...shared } });

const db = new TestDatabase();
let orm: MikroORM;
const stored = edges.flatMap(([, at]) => Array.from({ length: 40 }, () => randomRow(Date.parse(at))));
const rows = stored.map((row, id) => ({ ...row, id }));

beforeAll(async () => {
  await db.start();
  orm = db.orm([Zoned, Local, Daily, Counter]);
  await orm.schema.create();
  for (const kind of kinds) {
    const data = rows.map(({ position, ...row }) => ({ ...row, time: kind.value(kind.floor(position)) }));
    await orm.em.insertMany(kind.entity as typeof Zoned, data as never);
  }
});
afterAll(() => db.stop());

/** Near the edge for the most part, and often on a whole hour. */
function randomRow(edgeMs: number): Omit<NaiveRow, 'id'> {
  const spreadMs = random.oneOf([2 * hourMs, dayMs, 5 * dayMs, 400 * dayMs]);
  const wholeMs = random.oneOf([1, 1, minuteMs, hourMs]);
  return {
    position: Math.floor((edgeMs + (random.fraction() * 2 - 1) * spreadMs) / wholeMs) * wholeMs,
    deviceId: random.below(3),
    place: random.oneOf(['a', 'b', null]),
    temp: random.oneOf([null, random.below(40) / 4, random.below(40) / 4]),
    level: random.below(10),
  };
}

interface Kind {
  entity: typeof Zoned | typeof Local | typeof Daily | typeof Counter;
  floor: (positionMs: number) => number;
  value: (position: number) => Date | string | number;
}
const same = (position: number): number => position;
const zoned: Kind = { entity: Zoned, floor: same, value: (position) => new Date(position) };
const daily: Kind = {
  entity: Daily,
  floor: (position) => Math.floor(position / dayMs) * dayMs,
  value: (position) => new Date(position).toISOString().slice(0, 10),
};
const counter: Kind = {
  entity: Counter,
  floor: (position) => Math.floor(position / minuteMs) - 27_000_000,
  value: same,
};
const kinds = [zoned, { ...zoned, entity: Local }, daily, counter];

interface Asked {
  options: Options;
  naive: NaiveQuery;
  kind: Kind;
}
type Name = 'id' | 'deviceId' | 'place' | 'temp' | 'level';
interface Options {
  every: never;
  range: readonly [never, never];
  timeZone?: string;
  origin?: never;
  offset?: never;
  by: 'time';
  groupBy: readonly ('deviceId' | 'place')[];
  select: Record<string, Selection<Name>>;
  fill?: FillMode | Record<string, FillMode>;
  where?: object;
  orderBy?: Record<string, Order>;
  limit?: number;
}

test(`${cases} random questions are answered as counted by hand`, async () => {
  console.info(`BUCKET_SEED=${seed} repeats these questions`);
  let found = 0;
  for (let number = 0; number < cases; number++) {
    const { kind, options, naive } = randomQuestion();
    const answer = await timescale(orm.em)
      .bucket(kind.entity as typeof Zoned, options)
      .catch((cause: unknown) => {
        throw new Error(`question ${number} of BUCKET_SEED=${seed}: ${JSON.stringify(options)}`, { cause });
      });
    const expected = naiveBuckets(naive).map(({ bucket, ...rest }) => ({ bucket: kind.value(bucket), ...rest }));
    try {
      expect(answer.map(rounded)).toEqual(expected.map(rounded));
    } catch (cause) {
      throw new Error(`question ${number} of BUCKET_SEED=${seed}: ${JSON.stringify(options)}`, { cause });
    }
    found += answer.length;
  }
  console.info(`${found} buckets`);
});

function randomQuestion(): Asked {
  const kind = random.oneOf([zoned, zoned, zoned, zoned, ...kinds]);
  const [zone, at] = random.oneOf(edges);
  const axis = kind === counter ? randomIntegers(Date.parse(at)) : randomTimes(kind, zone, Date.parse(at));
  const groupBy = random.oneOf([[], ['deviceId'], ['place'], ['place', 'deviceId']] as const);
  const values = randomValues();
  const filled = values.some((value) => value.fill !== 'none');
  const orderBy = randomOrder(groupBy, values);
  const limit = random.oneOf([undefined, undefined, 1 + random.below(20)]);
  const [where, fits] = random.oneOf(filters);
  const sameFill = new Set(values.map((value) => value.fill)).size === 1 && random.below(2) === 0;
  const fills = Object.fromEntries(values.map(({ name, fill }) => [name, fill]));
  return {
    kind,
    options: {
      ...axis.options,
      by: 'time',
      groupBy,
      select: Object.fromEntries(values.map(({ name, selection }) => [name, selection])),
      ...(filled && { fill: sameFill ? (values[0]?.fill ?? 'none') : fills }),
      ...(where && { where }),
      ...(orderBy.length > 0 && { orderBy: Object.fromEntries(orderBy) }),
      ...(limit !== undefined && { limit }),
    },
    naive: {
      rows: rows.filter(fits).map((row) => ({ ...row, position: kind.floor(row.position) })),
      ...axis,
      groupBy,
      values,
      filled,
      orderBy,
      limit,
    },
  };
}

interface Axis {
  options: Pick<Options, 'every' | 'range' | 'timeZone' | 'origin' | 'offset'>;
  starts: number[];
  from: number;
  to: number;
}

function randomTimes(kind: Kind, edgeZone: string, edgeMs: number): Axis {
  const whole = kind === daily;
  const [every, multiple] = random.oneOf(whole ? widths.slice(-9).concat([['1 day', hours(24)]]) : widths);
  const lengthMs = 'ms' in multiple ? multiple.ms : multiple.months * 31 * dayMs;
  const zone = kind === zoned && random.below(5) > 0 ? edgeZone : undefined;
  const roundMs = whole ? dayMs : random.oneOf([1, minuteMs, hourMs]);
  const round = (ms: number): number => Math.floor(ms / roundMs) * roundMs;
  const from = round(edgeMs - random.fraction() * Math.min(20 * lengthMs, 3 * dayMs + lengthMs));
  const to = Math.max(round(from + random.fraction() * Math.min(40 * lengthMs, 700 * dayMs)), from + roundMs);
  const origin = random.oneOf([undefined, undefined, randomOrigin(lengthMs, whole)]);
  const offset = random.oneOf([undefined, undefined, random.oneOf(offsetsOf(multiple, whole))]);
  const clock = zone ?? 'UTC';
  const originWall = origin === undefined ? defaultOrigin(multiple) : wallClock(clock)(origin);
  const starts = naiveStarts(from - lengthMs - 3 * dayMs, to, movedBy(offset, multiple, originWall), clock);
  return {
    options: {
      every: every as never,
      range: [kind.value(from), kind.value(to)] as never,
      ...(zone && { timeZone: zone }),
      ...(origin !== undefined && { origin: kind.value(origin) as never }),
      ...(offset && { offset: offset[0] as never }),
    },
    starts,
    from,
    to,
  };
}

function defaultOrigin(multiple: Multiple): number {
  return 'ms' in multiple ? Date.UTC(2000, 0, 3) : Date.UTC(2000, 0, 1);
}

function movedBy(offset: Every | undefined, multiple: Multiple, originWall: number): Parameters<typeof naiveStarts>[2] {
  if (offset && 'months' in offset[1]) {
    const moved = new Date(originWall);
    const day = moved.getUTCDate();
    moved.setUTCMonth(moved.getUTCMonth() + offset[1].months, 1);
    if (day > 28) throw new Error('Not in this test.');
    return { multiple, originWall: moved.setUTCDate(day), offsetMs: 0 };
  }
  return { multiple, originWall, offsetMs: offset && 'ms' in offset[1] ? offset[1].ms : 0 };
}

/** Not finer than what a look at every quarter of an hour finds, where buckets are long. */
function randomOrigin(lengthMs: number, whole: boolean): number {
  const stepMs = whole ? dayMs : lengthMs < dayMs ? minuteMs : 15 * minuteMs;
  const day = Date.UTC(2003 + random.below(20), random.below(12), 1 + random.below(28));
  return day + Math.floor((random.below(3) * random.fraction() * dayMs) / stepMs) * stepMs;
}

function offsetsOf(multiple: Multiple, whole: boolean): Every[] {
  const days: Every[] = [['3 days', hours(72)], ['14 days', hours(336)]]; // prettier-ignore
  const fine: Every[] = [['90 minutes', hours(1.5)], ['1 day 6 hours', hours(30)], ['45 minutes', hours(0.75)]]; // prettier-ignore
  const finest: Every[] = 'ms' in multiple && multiple.ms < dayMs ? [['17 minutes', { ms: 17 * minuteMs }]] : [];
  const months: Every[] = 'months' in multiple ? [['1 month', { months: 1 }]] : [];
  return [...days, ...(whole ? [] : [...fine, ...finest]), ...months];
}

function randomIntegers(edgeMs: number): Axis {
  const width = random.oneOf([1, 7, 60, 1_000, 4_096]);
  const from = counter.floor(edgeMs) - random.below(3 * width);
  const to = from + 1 + random.below(40 * width);
  const origin = random.oneOf([undefined, random.below(100) - 50]);
  const offset = random.oneOf([undefined, random.below(5_000) - 2_500]);
  const start = (origin ?? 0) + (offset ?? 0);
  const starts: number[] = [];
  for (let at = from - width; at < to; at++) if ((at - start) % width === 0) starts.push(at);
  return {
    options: {
      every: width as never,
      range: [from, to] as never,
      ...(origin !== undefined && { origin: origin as never }),
      ...(offset !== undefined && { offset: offset as never }),
    },
    starts,
    from,
    to,
  };
}

type RandomValue = NaiveValue & { selection: Selection<Name> };

function randomValues(): RandomValue[] {
  const numbers = (of: readonly NaiveRow[]): number[] => of.flatMap(({ temp }) => (temp === null ? [] : [temp]));
  const over = (combine: (temps: number[]) => number) => (of: readonly NaiveRow[]) => {
    const temps = numbers(of);
    return temps.length === 0 ? null : combine(temps);
  };
  const total = (temps: number[]): number => temps.reduce((sum, temp) => sum + temp, 0);
  const byId = (of: readonly NaiveRow[]): NaiveRow[] => [...of].sort((left, right) => left.id - right.id);
  const choices: Omit<RandomValue, 'fill'>[] = [
    { ...plain, name: 'n', selection: count(), of: (of) => of.length, empty: 0 },
    { ...plain, name: 'with', selection: count('temp'), of: (of) => numbers(of).length, empty: 0 },
    { ...plain, name: 'total', selection: sum('temp'), of: over(total) },
    { ...plain, name: 'mean', selection: avg('temp'), of: over((temps) => total(temps) / temps.length) },
    { ...plain, name: 'least', selection: min('temp'), of: over((temps) => Math.min(...temps)) },
    { ...plain, name: 'most', selection: max('level'), of: (of) => Math.max(...of.map(({ level }) => level)) },
    { ...plain, name: 'first', selection: first('temp', 'id'), of: (of) => byId(of)[0]?.temp ?? null },
    { ...plain, name: 'last', selection: last('level', 'id'), of: (of) => byId(of).at(-1)?.level },
    { ...plain, name: 'where', selection: last('place', 'id'), of: (of) => byId(of).at(-1)?.place ?? null },
    {
      ...plain,
      name: 'spread',
      selection: histogram('temp', { min: 2, max: 8, buckets: 3 }),
      of: spread,
      zero: [0, 0, 0, 0, 0],
    },
  ];
  const mode = random.oneOf<FillMode | 'mixed'>(['none', 'none', 'zero', 'last', 'linear', 'mixed', 'mixed']);
  const chosen = choices.filter(() => random.below(3) === 0);
  return (chosen.length > 0 ? chosen : choices.slice(0, 1)).map((value) => {
    const fits: FillMode[] = unfit[value.name] ?? ['none', 'zero', 'last', 'linear'];
    const fill: FillMode =
      mode === 'mixed' || !fits.includes(mode) ? random.oneOf(mode === 'none' ? ['none'] : fits) : mode;
    return { ...value, fill };
  });
}

const plain = { zero: 0, empty: null };
const unfit: Readonly<Record<string, FillMode[]>> = { where: ['none', 'last'], spread: ['none', 'zero', 'last'] };

/** Null where there is no temp at all. */
function spread(of: readonly NaiveRow[]): number[] | null {
  const temps = of.flatMap(({ temp }) => (temp === null ? [] : [temp]));
  if (temps.length === 0) return null;
  const held = [0, 0, 0, 0, 0];
  for (const temp of temps) {
    const bucket = temp < 2 ? 0 : temp >= 8 ? 4 : 1 + Math.floor((temp - 2) / 2);
    held[bucket] = (held[bucket] ?? 0) + 1;
  }
  return held;
}

/** Not by what is rounded. */
function randomOrder(groupBy: readonly string[], values: readonly RandomValue[]): (readonly [string, Order])[] {
  const sortable = values.filter(({ name, fill }) => fill !== 'linear' && name !== 'spread').map(({ name }) => name);
  const names = ['bucket', ...groupBy, ...sortable].filter(() => random.below(4) === 0);
  return names.map((name) => [name, random.oneOf<Order>(['asc', 'desc', 'asc nulls first', 'desc nulls last'])]);
}

const filters: readonly (readonly [object | undefined, (row: NaiveRow) => boolean])[] = [
  [undefined, () => true],
  [undefined, () => true],
  [{ deviceId: 1 }, ({ deviceId }) => deviceId === 1],
  [{ deviceId: { $in: [0, 2] } }, ({ deviceId }) => deviceId !== 1],
  [{ place: null }, ({ place }) => place === null],
  [{ place: { $ne: 'a' } }, ({ place }) => place === 'b'],
  [{ $or: [{ place: 'a' }, { temp: { $gt: 5 } }] }, ({ place, temp }) => place === 'a' || (temp ?? 0) > 5],
  [
    { temp: { $gte: 3, $lt: 7 }, level: { $ne: 4 } },
    ({ temp, level }) => temp !== null && temp >= 3 && temp < 7 && level !== 4,
  ],
  [{ deviceId: 99 }, () => false],
];

function rounded(row: object): unknown {
  return JSON.parse(
    JSON.stringify(row, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(10)) : value)),
  );
}
