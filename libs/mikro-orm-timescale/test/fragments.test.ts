import { defineEntity, p, raw, type MikroORM, type Options } from '@mikro-orm/postgresql';
import { count, hypertable, InvalidQuery, timescale, type Interval } from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { LoudNames } from './loud-names.ts';
import { dice } from './random.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const Reading = defineEntity({
  name: 'Reading',
  properties: {
    time: p.datetime(6).primary(),
    deviceId: p.integer().primary(),
    temp: p.double().nullable(),
    day: p.date().nullable(),
  },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day' });

async function created(options: Options = {}): Promise<MikroORM> {
  const orm = db.orm([Reading], {}, options);
  await orm.schema.create();
  const em = orm.em.fork();
  em.create(Reading, { time: new Date('2026-01-01T12:10Z'), deviceId: 1, temp: 1, day: '2026-01-01' });
  em.create(Reading, { time: new Date('2026-01-01T12:50Z'), deviceId: 2, temp: 3, day: '2026-01-06' });
  em.create(Reading, { time: new Date('2026-01-01T14:00Z'), deviceId: 1, temp: 5, day: '2026-01-07' });
  await em.flush();
  return orm;
}

test('they are selected, grouped by and ordered by in a QueryBuilder', async () => {
  const orm = await created();
  const builder = orm.em.createQueryBuilder(Reading, 'r');
  const { timeBucket, first, last, histogram } = timescale(orm.em).fragments(builder);
  const hour = timeBucket('1 hour', 'time');
  const rows: unknown = await builder
    .select([
      hour.as('hour'),
      first('temp', 'time').as('first'),
      last('temp', 'time').as('last'),
      histogram('temp', { min: 0, max: 4, buckets: 2 }).as('spread'),
      raw('count(*)::int').as('n'),
    ])
    .where({ temp: { $lt: 9 } })
    .groupBy(hour)
    .orderBy({ [hour]: 'desc' })
    .execute('all', false);
  expect(rows).toEqual([
    { hour: '2026-01-01 14:00:00+00', first: 5, last: 5, spread: [0, 0, 0, 1], n: 1 },
    { hour: '2026-01-01 12:00:00+00', first: 1, last: 3, spread: [0, 1, 1, 0], n: 2 },
  ]);
});

test('without an alias of its own, in a condition, and for dates and integers', async () => {
  const orm = await created();
  const builder = orm.em.createQueryBuilder(Reading);
  const { timeBucket } = timescale(orm.em).fragments(builder);
  const week = timeBucket('1 week', 'day', { offset: '1 day' });
  const tens = timeBucket(10, 'deviceId', { origin: 2, offset: 1 });
  const rows: unknown = await builder
    .select([week.as('week'), tens.as('tens')])
    .where({ [timeBucket('1 day', 'day')]: { $gt: '2026-01-02' } })
    .orderBy({ [week]: 'asc', [tens]: 'asc' })
    .execute('all', false);
  expect(rows).toEqual([
    { week: '2026-01-06', tens: -7 },
    { week: '2026-01-06', tens: -7 },
  ]);
});

test('they follow the naming strategy and the alias', async () => {
  const orm = await created({ namingStrategy: LoudNames, schema: 'My Schema' });
  const builder = orm.em.createQueryBuilder(Reading, "It's a reading");
  const { timeBucket, last } = timescale(orm.em).fragments(builder);
  const day = timeBucket('1 day', 'time', { timeZone: 'Europe/Berlin' });
  const rows: unknown = await builder
    .select([day.as('day'), last('temp', 'time').as('temp')])
    .groupBy(day)
    .execute('all', false);
  expect(rows).toEqual([{ day: '2025-12-31 23:00:00+00', temp: 5 }]);
});

test('where no clock is changed, time_bucket cuts as bucket() does', async () => {
  const orm = await created();
  const seed = Number(process.env['BUCKET_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`BUCKET_SEED=${seed} repeats these buckets`);
  const random = dice(seed);
  const widths: Interval[] = ['7 minutes', '1 hour', '90 minutes', '7 hours', '1 day', '10 days', '1 week', '1 month'];
  const zones = [undefined, 'UTC', 'Asia/Kathmandu', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns'];
  for (let round = 0; round < 60; round++) {
    const every = random.oneOf(widths);
    const at = Date.UTC(2025, 5, 1 + random.below(60), random.below(24), random.below(60));
    const timeZone = random.oneOf(zones);
    const origin = every === '1 month' ? undefined : random.oneOf([undefined, new Date(at - random.below(9e9))]);
    const offset = random.oneOf<Interval | undefined>([undefined, '25 minutes', '2 days']);
    const options = {
      ...(timeZone && { timeZone }),
      ...(origin ? { origin } : offset && { offset }),
    };
    await orm.em.nativeDelete(Reading, {});
    await orm.em.insert(Reading, { time: new Date(at), deviceId: 1 });
    const builder = orm.em.createQueryBuilder(Reading);
    const bucket = timescale(orm.em).fragments(builder).timeBucket(every, 'time', options);
    const [byServer] = await builder.select([bucket.as('at')]).execute<{ at: string }[]>('all', false);
    const range = [new Date(at - 1), new Date(at + 1)] as const;
    const rows = await timescale(orm.em).bucket(Reading, { every, range, ...options, select: { n: count() } });
    const shown = { every, at: new Date(at), ...options };
    expect([shown, rows[0]?.bucket]).toEqual([shown, new Date(`${byServer?.at ?? ''}:00`)]);
  }
});

test('what makes no sense is one error', () => {
  const orm = db.orm([Reading]);
  const { timeBucket, first, histogram } = timescale(orm.em).fragments(orm.em.createQueryBuilder(Reading, 'r'));
  const origin = new Date();
  const wrong: [() => unknown, string][] = [
    [() => timeBucket('1 hour', 'temp'), 'query of Reading, timeBucket: "temp" is no time. Use a time,'],
    [() => timeBucket(5, 'time'), `every: 5 has no unit. Write '5 minutes', say.`],
    [() => timeBucket('1 hour', 'time', { timeZone: `x' or '?` }), 'is no name of a time zone'],
    [() => timeBucket('1 hour', 'time', { origin, offset: '1 minute' }), 'Add the offset to the origin'],
    // @ts-expect-error no such property
    [() => first('nothing', 'time'), 'first: there is no property "nothing"'],
    [() => histogram('day', { min: 0, max: 1, buckets: 1 }), '"day" is a date, which has no histogram'],
  ];
  for (const [ask, message] of wrong) {
    expect(ask).toThrow(InvalidQuery);
    expect(ask).toThrow(message);
  }
});
