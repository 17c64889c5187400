import {
  defineEntity,
  p,
  type EntitySchema,
  type FilterQuery,
  type InferEntity,
  type MikroORM,
  type Options,
} from '@mikro-orm/postgresql';
import {
  avg,
  count,
  first,
  histogram,
  hypertable,
  InvalidQuery,
  last,
  max,
  min,
  rawAggregate,
  sum,
  timescale,
} from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { LoudNames } from './loud-names.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const Device = defineEntity({
  name: 'Device',
  properties: { id: p.integer().primary(), name: p.string(), tags: () => p.oneToMany(Tag).mappedBy('device') },
});
const Tag = defineEntity({
  name: 'Tag',
  properties: { id: p.integer().primary(), label: p.string(), device: () => p.manyToOne(Device) },
});
const Reading = defineEntity({
  name: 'Reading',
  properties: {
    time: p.datetime(6).primary(),
    device: () => p.manyToOne(Device).primary(),
    temp: p.double().nullable(),
    place: p.string().nullable(),
    seen: p.bigint().nullable(),
    price: p.decimal().precision(10).scale(2).nullable(),
    at: p.datetime().nullable(),
  },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day' });
const entities: EntitySchema[] = [Device, Tag, Reading];

async function created(options: Options = {}): Promise<MikroORM> {
  const orm = db.orm(entities, {}, options);
  await orm.schema.create();
  await orm.em.execute(`INSERT INTO device VALUES (1, 'one'), (2, 'two')`);
  await orm.em.execute(`INSERT INTO tag VALUES (1, 'a', 1), (2, 'a', 1), (3, 'b', 2)`);
  return orm;
}

async function insert(
  orm: MikroORM,
  ...readings: [time: string, device: number, temp: number | null][]
): Promise<void> {
  for (const [time, device, temp] of readings) {
    await orm.em.execute('INSERT INTO reading (time, device_id, temp) VALUES (?, ?, ?)', [time, device, temp]);
  }
}

const noon = new Date('2026-01-01T12:00Z');
const four = new Date('2026-01-01T16:00Z');
const hours = { every: '1 hour', range: [noon, four] } as const;

test('rows of an hour are one row, half-open, those out of the range left out', async () => {
  const orm = await created();
  await insert(orm, ['2026-01-01 11:59:59.999Z', 1, 9], ['2026-01-01 12:00Z', 1, 1], ['2026-01-01 12:59Z', 2, 3]);
  await insert(orm, ['2026-01-01 14:00Z', 1, 5], ['2026-01-01 16:00Z', 1, 9]);
  const rows = await timescale(orm.em).bucket(Reading, { ...hours, select: { t: avg('temp'), n: count() } });
  const typed: { bucket: Date; t: number | null; n: number }[] = rows;
  expect(typed).toEqual([
    { bucket: noon, t: 2, n: 2 },
    { bucket: new Date('2026-01-01T14:00Z'), t: 5, n: 1 },
  ]);
});

test('a bucket that the range cuts is called by its own start, and holds what is in the range', async () => {
  const orm = await created();
  await insert(orm, ['2026-01-01 12:10Z', 1, 1], ['2026-01-01 12:20Z', 1, 2], ['2026-01-01 12:40Z', 1, 4]);
  const range = [new Date('2026-01-01T12:15Z'), new Date('2026-01-01T12:30Z')] as const;
  const rows = await timescale(orm.em).bucket(Reading, { every: '1 hour', range, select: { total: sum('temp') } });
  expect(rows).toEqual([{ bucket: noon, total: 2 }]);
});

describe('fill', () => {
  const select = { t: avg('temp'), n: count() };
  const filled = async (orm: MikroORM, fill: 'zero' | 'last' | 'linear'): Promise<(number | null)[]> => {
    const rows = await timescale(orm.em).bucket(Reading, { ...hours, select: { t: avg('temp') }, fill });
    return rows.map(({ t }) => t);
  };

  test('each way', async () => {
    const orm = await created();
    await insert(orm, ['2026-01-01 13:00Z', 1, 2], ['2026-01-01 15:00Z', 1, 4]);
    expect(await filled(orm, 'zero')).toEqual([0, 2, 0, 4]);
    expect(await filled(orm, 'last')).toEqual([null, 2, 2, 4]);
    expect(await filled(orm, 'linear')).toEqual([null, 2, 3, 4]);
  });

  test('a value that is null is filled like one that is not there', async () => {
    const orm = await created();
    await insert(orm, ['2026-01-01 12:00Z', 1, 2], ['2026-01-01 13:00Z', 1, null], ['2026-01-01 14:00Z', 1, 6]);
    expect(await filled(orm, 'last')).toEqual([2, 2, 6, 6]);
    expect(await filled(orm, 'linear')).toEqual([2, 4, 6, null]);
  });

  test('without any row the whole range is there, but for groups, which are not known then', async () => {
    const orm = await created();
    const ts = timescale(orm.em);
    const rows = await ts.bucket(Reading, { ...hours, select, fill: { n: 'zero' } });
    expect(rows).toHaveLength(4);
    expect(rows[0]).toEqual({ bucket: noon, t: null, n: 0 });
    expect(await ts.bucket(Reading, { ...hours, groupBy: ['device'], select, fill: 'zero' })).toEqual([]);
    expect(await filled(orm, 'linear')).toEqual([null, null, null, null]);
  });

  test('each group has all buckets, null being a group too', async () => {
    const orm = await created();
    await insert(orm, ['2026-01-01 12:00Z', 1, 2], ['2026-01-01 14:00Z', 2, 3], ['2026-01-01 15:00Z', 1, 8]);
    await orm.em.execute(`UPDATE reading SET place = 'x' WHERE device_id = 1`);
    const rows = await timescale(orm.em).bucket(Reading, {
      ...hours,
      groupBy: ['place'],
      select,
      fill: { t: 'linear', n: 'zero' },
      orderBy: { place: 'asc' },
    });
    expect(rows.map(({ place, t, n }) => [place, t, n])).toEqual([
      ['x', 2, 1],
      ['x', 4, 0],
      ['x', 6, 0],
      ['x', 8, 1],
      [null, null, 0],
      [null, null, 0],
      [null, 3, 1],
      [null, null, 0],
    ]);
  });

  test('a line is straight in time, also over a day of 23 hours', async () => {
    const orm = await created();
    await insert(orm, ['2026-03-28 12:00Z', 1, 0], ['2026-03-30 12:00Z', 1, 47]);
    const rows = await timescale(orm.em).bucket(Reading, {
      every: '1 day',
      timeZone: 'Europe/Berlin',
      range: [new Date('2026-03-27T23:00Z'), new Date('2026-03-30T22:00Z')],
      select: { t: avg('temp') },
      fill: 'linear',
    });
    expect(rows.map(({ t }) => t)).toEqual([0, 24, 47]);
  });

  test('what it makes of types', async () => {
    const orm = await created();
    const ts = timescale(orm.em);
    const [zero] = await ts.bucket(Reading, { ...hours, select: { ...select, seen: max('seen') }, fill: 'zero' });
    const never: { t: number; n: number; seen: bigint } | undefined = zero;
    expect(never).toMatchObject({ t: 0, n: 0, seen: 0n });
    const [carried] = await ts.bucket(Reading, { ...hours, select, fill: { n: 'last' } });
    // @ts-expect-error there may be no value to carry
    const number: number | undefined = carried?.n;
    expect(number).toBeNull();
  });
});

describe('where clocks are changed', () => {
  const starts = async (
    orm: MikroORM,
    every: '1 hour' | '6 hours' | '1 day',
    timeZone: string,
    from: string,
    to: string,
  ) => {
    const range = [new Date(from), new Date(to)] as const;
    const rows = await timescale(orm.em).bucket(Reading, {
      every,
      timeZone,
      range,
      select: { n: count() },
      fill: 'zero',
    });
    return rows.map(({ bucket }) => bucket.toISOString().slice(5, 16));
  };

  test('the hour that is shown twice is two buckets, and a day has 25 hours', async () => {
    const orm = await created();
    expect(await starts(orm, '1 hour', 'Europe/Berlin', '2025-10-25T23:00Z', '2025-10-26T03:00Z')).toEqual([
      '10-25T23:00',
      '10-26T00:00',
      '10-26T01:00',
      '10-26T02:00',
    ]);
    expect(await starts(orm, '1 day', 'Europe/Berlin', '2025-10-24T22:00Z', '2025-10-27T23:00Z')).toEqual([
      '10-24T22:00',
      '10-25T22:00',
      '10-26T23:00',
    ]);
  });

  test('six hours by the clock have seven once, and five', async () => {
    const orm = await created();
    expect(await starts(orm, '6 hours', 'Europe/Berlin', '2025-10-25T22:00Z', '2025-10-26T12:00Z')).toEqual([
      '10-25T22:00',
      '10-26T05:00',
      '10-26T11:00',
    ]);
    expect(await starts(orm, '6 hours', 'Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T05:00Z')).toEqual([
      '03-28T23:00',
      '03-29T04:00',
    ]);
  });

  test('a midnight that is skipped, one that comes twice, and a day that never was', async () => {
    const orm = await created();
    expect(await starts(orm, '1 day', 'America/Sao_Paulo', '2018-11-03T03:00Z', '2018-11-05T03:00Z')).toEqual([
      '11-03T03:00',
      '11-04T03:00',
      '11-05T02:00',
    ]);
    expect(await starts(orm, '1 day', 'America/Havana', '2023-11-04T04:00Z', '2023-11-06T05:00Z')).toEqual([
      '11-04T04:00',
      '11-05T04:00',
    ]);
    expect(await starts(orm, '1 day', 'Pacific/Apia', '2011-12-29T10:00Z', '2012-01-01T10:00Z')).toEqual([
      '12-29T10:00',
      '12-30T10:00',
      '12-31T10:00',
    ]);
  });

  test('hours of a zone that is 45 minutes off, and a clock that was set a minute after midnight', async () => {
    const orm = await created();
    expect(await starts(orm, '1 hour', 'Asia/Kathmandu', '2026-01-01T00:15Z', '2026-01-01T02:00Z')).toEqual([
      '01-01T00:15',
      '01-01T01:15',
    ]);
    expect(await starts(orm, '1 hour', 'America/St_Johns', '2010-11-07T00:30:00.500Z', '2010-11-07T04:30Z')).toEqual([
      '11-07T00:30',
      '11-07T01:30',
      '11-07T02:30',
      '11-07T03:30',
    ]);
  });

  test('every row is in the one bucket that starts last before it', async () => {
    const orm = await created();
    await insert(orm, ['2025-10-26 00:30Z', 1, 1], ['2025-10-26 01:30Z', 1, 2]);
    const rows = await timescale(orm.em).bucket(Reading, {
      every: '1 hour',
      timeZone: 'Europe/Berlin',
      range: [new Date('2025-10-25T00:00Z'), new Date('2025-10-27T00:00Z')],
      select: { total: sum('temp') },
    });
    expect(rows).toEqual([
      { bucket: new Date('2025-10-26T00:00Z'), total: 1 },
      { bucket: new Date('2025-10-26T01:00Z'), total: 2 },
    ]);
  });
});

describe('values', () => {
  test('are what the entity has', async () => {
    const orm = await created();
    await orm.em.execute(`
      INSERT INTO reading VALUES
        ('2026-01-01 12:00Z', 1, 1, 'x', 9007199254740993, 1.50, '2026-01-01 00:00:00Z'),
        ('2026-01-01 12:30Z', 2, 2, NULL, 1, 2.25, NULL)`);
    const rows = await timescale(orm.em).bucket(Reading, {
      ...hours,
      select: {
        seen: max('seen'),
        total: sum('seen'),
        price: min('price'),
        first: first('at', 'time'),
        device: last('device', 'time'),
        times: max('time'),
        spread: histogram('temp', { min: 0, max: 2, buckets: 2 }),
        median: rawAggregate<number>(({ temp }) => `percentile_cont(0.5) WITHIN GROUP (ORDER BY ${temp ?? ''})`),
        asked: rawAggregate<boolean>(({ place }) => `bool_or(to_jsonb(${place ?? ''}) ? 'x')`),
      },
    });
    const typed: { seen: bigint | null; price: string | null; first: Date | null; device: number | null }[] = rows;
    expect(typed).toEqual([
      {
        bucket: noon,
        seen: 9007199254740993n,
        total: 9007199254740994,
        price: '1.50',
        first: new Date('2026-01-01T00:00Z'),
        device: 2,
        times: new Date('2026-01-01T12:30Z'),
        spread: [0, 0, 1, 1],
        median: 1.5,
        asked: true,
      },
    ]);
  });

  test('of a group too: a relation is its primary key', async () => {
    const orm = await created();
    await insert(orm, ['2026-01-01 12:00Z', 2, 1], ['2026-01-01 12:10Z', 1, 1]);
    const rows = await timescale(orm.em).bucket(Reading, {
      ...hours,
      groupBy: ['device', 'seen'],
      select: { n: count() },
    });
    const typed: { bucket: Date; device: number; seen: bigint | null; n: number }[] = rows;
    expect(typed).toEqual([
      { bucket: noon, device: 1, seen: null, n: 1 },
      { bucket: noon, device: 2, seen: null, n: 1 },
    ]);
  });

  test('a histogram does not count null as 0', async () => {
    const orm = await created();
    await insert(orm, ['2026-01-01 12:00Z', 1, null], ['2026-01-01 12:10Z', 1, 1]);
    const spread = histogram('temp', { min: -1, max: 3, buckets: 2 });
    const [row] = await timescale(orm.em).bucket(Reading, { ...hours, select: { spread } });
    expect(row?.spread).toEqual([0, 0, 1, 0]);
  });
});

describe('where', () => {
  test('takes operators and relations, and a row counts once however much of a relation matches', async () => {
    const orm = await created();
    await insert(orm, ['2026-01-01 12:00Z', 1, 1], ['2026-01-01 12:10Z', 1, 5], ['2026-01-01 12:20Z', 2, 7]);
    const ts = timescale(orm.em);
    const counted = async (where: FilterQuery<InferEntity<typeof Reading>>): Promise<number | undefined> => {
      const [row] = await ts.bucket(Reading, { ...hours, where, select: { n: count() }, fill: 'zero' });
      return row?.n;
    };
    expect(await counted({ temp: { $gt: 1 } })).toBe(2);
    expect(await counted({ device: { name: 'two' } })).toBe(1);
    expect(await counted({ device: { tags: { label: 'a' } } })).toBe(2);
    expect(await counted({ $or: [{ device: { tags: { label: 'b' } } }, { temp: 1 }] })).toBe(2);
    expect(await counted({ place: `it's a ? "mark"` })).toBe(0);
  });

  test('the filters of the entity count as they do in em.find()', async () => {
    const Kept = defineEntity({
      name: 'Kept',
      filters: { kept: { name: 'kept', cond: { dropped: false }, default: true } },
      properties: { time: p.datetime(6).primary(), dropped: p.boolean() },
    });
    const orm = db.orm([Kept]);
    await orm.schema.create();
    await orm.em.execute(`INSERT INTO kept VALUES ('2026-01-01 12:00Z', true), ('2026-01-01 12:01Z', false)`);
    const asked = { ...hours, by: 'time', select: { n: count() } } as const;
    expect(await timescale(orm.em).bucket(Kept, asked)).toEqual([{ bucket: noon, n: 1 }]);
    expect(await timescale(orm.em).bucket(Kept, { ...asked, filters: false })).toEqual([{ bucket: noon, n: 2 }]);
  });
});

test('the order, and how many', async () => {
  const orm = await created();
  await insert(orm, ['2026-01-01 12:00Z', 1, 1], ['2026-01-01 13:00Z', 1, 3], ['2026-01-01 14:00Z', 1, 2]);
  const asked = { ...hours, select: { t: avg('temp') }, orderBy: { t: 'desc' }, limit: 2 } as const;
  const rows = await timescale(orm.em).bucket(Reading, asked);
  expect(rows.map(({ t }) => t)).toEqual([3, 2]);
});

describe('columns', () => {
  const id = p.integer().primary();

  test('a timestamp without time zone, in a table that is no hypertable', async () => {
    const Local = defineEntity({ name: 'Local', properties: { id, time: p.datetime().columnType('timestamp(6)') } });
    const orm = db.orm([Local]);
    await orm.schema.create();
    await orm.em.execute(`INSERT INTO local VALUES (1, '2026-01-31 23:59'), (2, '2026-02-01 00:00')`);
    const range = [new Date('2026-01-15Z'), new Date('2026-03-01Z')] as const;
    const rows = await timescale(orm.em).bucket(Local, { every: '1 month', by: 'time', range, select: { n: count() } });
    expect(rows).toEqual([
      { bucket: new Date('2026-01-01Z'), n: 1 },
      { bucket: new Date('2026-02-01Z'), n: 1 },
    ]);
  });

  test('a date', async () => {
    const Daily = defineEntity({ name: 'Daily', properties: { day: p.date().primary() } });
    hypertable(Daily, { by: 'day' });
    const orm = db.orm([Daily]);
    await orm.schema.create();
    await orm.em.execute(`INSERT INTO daily VALUES ('2026-01-04'), ('2026-01-05'), ('2026-01-11')`);
    const range = ['2026-01-01', '2026-01-20'] as const;
    const rows = await timescale(orm.em).bucket(Daily, {
      every: '1 week',
      range,
      select: { n: count() },
      fill: 'zero',
    });
    const typed: { bucket: string; n: number }[] = rows;
    expect(typed.map(({ bucket, n }) => [bucket, n])).toEqual([
      ['2025-12-29', 1],
      ['2026-01-05', 2],
      ['2026-01-12', 0],
      ['2026-01-19', 0],
    ]);
  });

  test('an integer, below 0 and beyond what a number can hold', async () => {
    const Log = defineEntity({ name: 'Log', properties: { at: p.bigint().primary() } });
    hypertable(Log, { by: 'at', chunkInterval: 1_000_000 });
    const orm = db.orm([Log]);
    await orm.schema.create();
    await orm.em.execute(`INSERT INTO log VALUES (-7), (-1), (0), (9007199254740993), (9007199254740997)`);
    const ts = timescale(orm.em);
    expect(await ts.bucket(Log, { every: 5, range: [-7, 3], select: { n: count() }, fill: 'zero' })).toEqual([
      { bucket: -10, n: 1 },
      { bucket: -5, n: 1 },
      { bucket: 0, n: 1 },
    ]);
    const range = [9007199254740990n, 9007199254741000n] as const;
    expect(await ts.bucket(Log, { every: 3, origin: 1n, range, select: { n: count() } })).toEqual([
      { bucket: 9007199254740991n, n: 1 },
      { bucket: 9007199254740997n, n: 1 },
    ]);
  });

  test('a view whose time is called bucket, as that of a continuous aggregate, and a class', async () => {
    class Hourly {
      bucket!: Date;
      n!: number;
    }
    const schema = defineEntity({
      class: Hourly,
      view: true,
      expression: `select time_bucket('1 hour', time) as bucket, count(*)::int as n from reading group by 1`,
      properties: { bucket: p.datetime().primary(), n: p.integer() },
    });
    const orm = db.orm([...entities, schema]);
    await orm.schema.create();
    await orm.em.execute(`INSERT INTO device VALUES (1, 'one')`);
    await insert(orm, ['2026-01-01 12:00Z', 1, 1], ['2026-01-01 13:00Z', 1, 3], ['2026-01-02 14:00Z', 1, 2]);
    const range = [new Date('2026-01-01Z'), new Date('2026-01-03Z')] as const;
    const rows = await timescale(orm.em).bucket(Hourly, { every: '1 day', range, select: { n: sum('n') } });
    expect(rows.map(({ n }) => n)).toEqual([2, 1]);
  });
});

describe('origin and offset', () => {
  test('months from the 15th, and from the last of a month', async () => {
    const orm = await created();
    const starts = async (origin: string): Promise<string[]> => {
      const range = [new Date('2026-01-31Z'), new Date('2026-04-01Z')] as const;
      const asked = {
        every: '1 month',
        range,
        origin: new Date(origin),
        select: { n: count() },
        fill: 'zero',
      } as const;
      const rows = await timescale(orm.em).bucket(Reading, asked);
      return rows.map(({ bucket }) => bucket.toISOString().slice(0, 10));
    };
    expect(await starts('2024-06-15Z')).toEqual(['2026-01-15', '2026-02-15', '2026-03-15']);
    expect(await starts('2024-01-31Z')).toEqual(['2026-01-31', '2026-02-28', '2026-03-31']);
  });

  test('weeks start on Monday, or later', async () => {
    const orm = await created();
    const first = async (offset?: '1 day 6 hours'): Promise<Date | undefined> => {
      const range = [new Date('2026-01-08Z'), new Date('2026-01-09Z')] as const;
      const asked = {
        every: '1 week',
        range,
        ...(offset && { offset }),
        select: { n: count() },
        fill: 'zero',
      } as const;
      return (await timescale(orm.em).bucket(Reading, asked))[0]?.bucket;
    };
    expect(await first()).toEqual(new Date('2026-01-05Z'));
    expect(await first('1 day 6 hours')).toEqual(new Date('2026-01-06T06:00Z'));
  });
});

test('inside a transaction it sees what is not committed, and what is not even written', async () => {
  const orm = await created();
  const asked = { ...hours, select: { n: count() }, timeZone: 'Europe/Berlin' } as const;
  await orm.em
    .transactional(async (em) => {
      em.persist(em.create(Reading, { time: noon, device: 1, temp: 1 }));
      expect(await timescale(em).bucket(Reading, asked)).toEqual([{ bucket: noon, n: 1 }]);
      expect(await timescale(orm.em).bucket(Reading, asked)).toHaveLength(1);
      throw new Error('Taken back.');
    })
    .catch(() => undefined);
  expect(await timescale(orm.em).bucket(Reading, asked)).toEqual([]);
});

describe('names', () => {
  test('a naming strategy that renames everything is followed, and names of the answer are free', async () => {
    const orm = db.orm(entities, {}, { namingStrategy: LoudNames, schema: 'My Schema' });
    await orm.schema.create();
    const em = orm.em.fork();
    em.create(Device, { id: 1, name: 'one' });
    em.create(Reading, { time: noon, device: 1, temp: 3 });
    const rows = await timescale(em).bucket(Reading, {
      ...hours,
      groupBy: ['device'],
      where: { device: { name: 'one', tags: { $none: {} } } },
      select: {
        "Tom's ?": last('temp', 'time'),
        key: count(),
        s: rawAggregate<number>(({ temp }) => `max(${temp ?? ''})`),
      },
      orderBy: { "Tom's ?": 'desc nulls last' },
      fill: { key: 'zero' },
      limit: 1,
    });
    expect(rows).toEqual([{ bucket: noon, device: 1, "Tom's ?": 3, key: 1, s: 3 }]);
  });

  test('a schema per tenant', async () => {
    const Tenanted = defineEntity({ name: 'Tenanted', schema: '*', properties: { time: p.datetime(6).primary() } });
    hypertable(Tenanted, { by: 'time' });
    const orm = db.orm([Tenanted]);
    for (const schema of ['tenant one', 'tenant two']) await orm.schema.create({ schema });
    await orm.em.execute(`INSERT INTO "tenant two".tenanted VALUES ('2026-01-01 12:00Z')`);
    const asked = { ...hours, select: { n: count() } };
    expect(await timescale(orm.em).bucket(Tenanted, { ...asked, schema: 'tenant one' })).toEqual([]);
    expect(await timescale(orm.em).bucket(Tenanted, { ...asked, schema: 'tenant two' })).toHaveLength(1);
    expect(await timescale(orm.em.fork({ schema: 'tenant two' })).bucket(Tenanted, asked)).toHaveLength(1);
  });
});

describe('a question that makes no sense is one error, which names the option', () => {
  const select = { n: count() };
  const good = { ...hours, select };
  const wrong: readonly (readonly [option: string, options: object, message: string])[] = [
    ['every', { every: '1 fortnight' }, 'Write it as'],
    ['every', { every: '-1 hour' }, 'is no interval'],
    ['every', { every: 5 }, `5 has no unit. Write '5 minutes', say.`],
    ['every', { every: '1 month 1 day' }, 'months and days'],
    ['every', { every: '1500 microseconds' }, 'finer than a Date'],
    ['every', { every: '2000 years' }, 'up to 1000 years'],
    ['every', { every: '1 millisecond' }, 'over 100000 buckets'],
    ['every', { every: '1 minute', range: [new Date('2025-01-01Z'), noon], timeZone: 'Asia/Tokyo' }, 'wider buckets'],
    ['by', { by: 'nothing' }, 'there is no property "nothing"'],
    ['by', { by: 'place' }, '"place" is no time'],
    ['range', { range: [four, noon] }, 'ends where it starts'],
    ['range', { range: [noon, noon] }, 'ends where it starts'],
    ['range', { range: [noon] }, 'Give two of Date objects'],
    ['range', { range: ['2026-01-01', '2026-01-02'] }, 'Give two of Date objects'],
    ['range', { range: [noon, new Date(Number.NaN)] }, 'Give two of Date objects'],
    ['range', { range: [noon, new Date(8.64e15)] }, 'the years 1 to 9999'],
    ['timeZone', { timeZone: 'Europe/Nowhere' }, 'the database does not know "Europe/Nowhere"'],
    ['timeZone', { timeZone: `'; drop table reading; --` }, 'IANA name'],
    ['timeZone', { timeZone: '' }, 'IANA name'],
    ['origin', { origin: 5 }, '5 is not on "time"'],
    ['offset', { offset: '1 month' }, 'in days or hours'],
    ['groupBy', { groupBy: ['nothing'] }, 'Use one of time, device'],
    ['groupBy', { groupBy: ['place', 'place'] }, 'twice'],
    ['select', { select: {} }, 'it is empty'],
    ['select', { select: { bucket: count() } }, 'Choose another name'],
    ['select', { select: { place: count() }, groupBy: ['place'] }, 'Choose another name'],
    ['select.t', { select: { t: avg('place') } }, '"place" is a varchar(255), which has no avg'],
    ['select.t', { select: { t: sum('at') } }, 'which has no sum'],
    ['select.t', { select: { t: max('nothing' as 'temp') } }, 'there is no property "nothing"'],
    ['select.t', { select: { t: last('temp', 'nothing' as 'time') } }, 'there is no property "nothing"'],
    ['select.t', { select: { t: histogram('place', { min: 0, max: 1, buckets: 1 }) } }, 'no histogram'],
    ['select.t', { select: { t: histogram('temp', { min: 1, max: 1, buckets: 1 }) } }, 'a min below its max'],
    ['select.t', { select: { t: histogram('temp', { min: 0, max: 1, buckets: 0 }) } }, 'above 0'],
    ['fill', { fill: 'locf' }, 'there is no way "locf"'],
    ['fill', { fill: { other: 'zero' } }, '"other" is not selected'],
    ['fill', { fill: { n: 'none' } }, 'it fills nothing'],
    ['fill', { select: { where: last('place', 'time') }, fill: 'zero' }, 'cannot be "zero"'],
    ['fill', { select: { seen: max('seen') }, fill: 'linear' }, 'has no fractions'],
    ['fill', { select: { at: min('at') }, fill: { at: 'linear' } }, `Fill "at" with 'last'`],
    ['orderBy', { orderBy: { temp: 'asc' } }, 'Use one of bucket, n'],
    ['orderBy', { orderBy: { n: 'sideways' } }, 'there is no order "sideways"'],
    ['limit', { limit: 0 }, '0 is no number of rows'],
    ['limit', { limit: 1.5 }, '1.5 is no number of rows'],
  ];

  test.each(wrong)('%s: %j', async (option, options, message) => {
    const orm = db.orm(entities);
    const fault: unknown = await timescale(orm.em)
      .bucket(Reading, { ...good, ...options })
      .catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(InvalidQuery);
    expect(fault).toMatchObject({ entity: 'Reading', option });
    expect((fault as InvalidQuery).message).toMatch(/^query of Reading, /);
    expect((fault as InvalidQuery).message).toContain(message);
  });

  test('of other columns', async () => {
    const Other = defineEntity({
      name: 'Other',
      properties: { id: p.integer().primary(), day: p.date(), twice: p.integer().persist(false), odd: p.json() },
    });
    const orm = db.orm([Other]);
    const days = { by: 'day', every: '1 day', range: ['2026-01-01', '2026-01-02'], select } as const;
    const ask = (options: object): Promise<unknown> => timescale(orm.em).bucket(Other, { ...days, ...options });
    await expect(ask({ by: undefined })).rejects.toThrow('by: it is missing, and the entity is no hypertable');
    await expect(ask({ every: '36 hours' })).rejects.toThrow('Give whole days');
    await expect(ask({ timeZone: 'Asia/Tokyo' })).rejects.toThrow('"day" is a date, which is in no time zone');
    await expect(ask({ range: ['2026-02-30', '2026-03-01'] })).rejects.toThrow(`days such as '2026-01-31'`);
    await expect(ask({ groupBy: ['twice'] })).rejects.toThrow('"twice" is not in one column');
    await expect(ask({ select: { odd: max('odd') } })).rejects.toThrow('Take first(), last() or rawAggregate()');
    const numbers = { by: 'id', range: [0, 9], every: 5 };
    await expect(ask({ ...numbers, every: '5 minutes' })).rejects.toThrow('no width of an integer');
    await expect(ask({ ...numbers, offset: 0.5 })).rejects.toThrow('offset: 0.5 is no integer');
    await expect(ask({ ...numbers, range: [0.5, 9] })).rejects.toThrow('Give two of whole numbers');
  });
});

test('what does not compile', () => {
  const orm = db.orm(entities);
  const ts = timescale(orm.em);
  const select = { n: count() };
  const never = (): unknown => [
    // @ts-expect-error no such property
    ts.bucket(Reading, { ...hours, groupBy: ['nothing'], select }),
    // @ts-expect-error no such property
    ts.bucket(Reading, { ...hours, select: { t: avg('nothing') } }),
    // @ts-expect-error no such name
    ts.bucket(Reading, { ...hours, select, orderBy: { t: 'asc' } }),
    // @ts-expect-error no such property
    ts.bucket(Reading, { ...hours, select, where: { nothing: 1 } }),
    // @ts-expect-error no such way
    ts.bucket(Reading, { ...hours, select, fill: 'locf' }),
    // @ts-expect-error a range of two kinds
    ts.bucket(Reading, { every: '1 hour', range: [noon, 5], select }),
    // @ts-expect-error no such unit
    ts.bucket(Reading, { every: '1 fortnight', range: [noon, four], select }),
  ];
  expect(never).toBeInstanceOf(Function);
});
