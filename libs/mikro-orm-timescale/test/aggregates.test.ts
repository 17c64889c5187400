import { defineEntity, p, type EntitySchema, type InferEntity, type MikroORM } from '@mikro-orm/postgresql';
import {
  avg,
  continuousAggregate,
  count,
  DestructiveChange,
  first,
  histogram,
  hypertable,
  last,
  max,
  min,
  rawAggregate,
  sum,
  timescale,
  type ContinuousAggregateOptions,
  type TimescaleSettings,
} from '../src/index.ts';
import type { TypedEntity } from '../src/definition/entity-like.ts';
import { aggregatesInCatalog, pending, TestDatabase } from './database.ts';
import { onCommunity as test } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = {
  time: p.datetime(6).primary(),
  deviceId: p.integer().primary(),
  temp: p.double().nullable(),
  place: p.string().nullable(),
};

function readings(retention?: { dropAfter: '1 year' }) {
  const Reading = defineEntity({ name: 'Reading', properties });
  hypertable(Reading, { by: 'time', chunkInterval: '1 day', ...(retention && { retention }) });
  return Reading;
}

function samples() {
  const Sample = defineEntity({ name: 'Sample', properties });
  hypertable(Sample, { by: 'time', chunkInterval: '1 day' });
  return Sample;
}

function hourly(Reading: TypedEntity<InferEntity<ReturnType<typeof readings>>>) {
  return continuousAggregate('Hourly', Reading, {
    bucket: ['1 hour', 'time'],
    groupBy: ['deviceId'],
    select: { avgTemp: avg('temp') },
  });
}

/** What an aggregate has besides its query. */
type Settings = Omit<ContinuousAggregateOptions<'time', 'time', never, never, Names>, 'bucket' | 'groupBy' | 'select'>;
type Names = 'bucket' | 'deviceId' | 'avgTemp';

function model(options: Settings, settings?: TimescaleSettings): MikroORM {
  const Reading = readings();
  const Hourly = continuousAggregate('Hourly', Reading, {
    bucket: ['1 hour', 'time'],
    groupBy: ['deviceId'],
    select: { avgTemp: avg('temp') },
    ...options,
  });
  return db.orm([Reading, Hourly], settings);
}

async function apply(orm: MikroORM): Promise<unknown> {
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await timescale(orm.em).diff()).toEqual([]);
  return (await aggregatesInCatalog(orm)).find(({ view }) => view === 'hourly');
}

/** 200 rows, every six hours from 2026 on, of five devices. */
async function insertReadings(): Promise<void> {
  await db.orm([]).em.execute(`
    INSERT INTO reading (time, device_id, temp, place)
    SELECT timestamptz '2026-01-01' + i * interval '6 hours', i % 5, i, 'place ' || i % 3
    FROM generate_series(1, 200) AS i`);
}

async function refresh(view: string): Promise<void> {
  await db.orm([]).em.execute(`CALL refresh_continuous_aggregate('${view}', NULL, NULL)`);
}

async function bucketsOf(view: string): Promise<number> {
  const [row] = await db.orm([]).em.execute<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${view}`);
  return row?.n ?? 0;
}

const everything: Settings = {
  realtime: true,
  chunkInterval: '10 days',
  refresh: { start: '3 days', end: '1 hour', every: '30 minutes' },
  columnstore: { segmentBy: ['deviceId'], orderBy: { bucket: 'asc' }, after: '7 days' },
  retention: { dropAfter: '1 year' },
  indexes: [{ avgTemp: 'asc', bucket: 'desc' }],
};

test('an aggregate is created with all its options, changed in place, and each option removed', async () => {
  expect(await apply(model(everything))).toMatchObject({
    view: 'hourly',
    source: 'reading',
    realtime: true,
    chunkInterval: '10 days',
    refresh: { start: '3 days', end: '1 hour', schedule: { every: '30 minutes' } },
    columnstore: {
      segmentBy: ['device_id'],
      orderBy: [{ column: 'bucket', descending: false, nullsFirst: false }],
      after: '7 days',
    },
    retention: { dropAfter: '12 months' },
    indexes: [
      [
        { column: 'avg_temp', descending: false, nullsFirst: false },
        { column: 'bucket', descending: true, nullsFirst: true },
      ],
    ],
  });
  await insertReadings();
  await refresh('hourly');
  const jobs = `SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'hourly' ORDER BY 1`;
  const before = await db.orm([]).em.execute<object[]>(jobs);
  expect(before).toHaveLength(3);
  const changed = model({
    realtime: false,
    chunkInterval: '20 days',
    refresh: {
      start: '5 days',
      end: null,
      every: '1 hour',
      initialStart: new Date('2026-01-01Z'),
      timeZone: 'Europe/Berlin',
      bucketsPerBatch: 24,
      maxBatchesPerExecution: 10,
      refreshNewestFirst: false,
    },
    columnstore: { segmentBy: [], after: '8 days' },
    retention: { dropAfter: '2 years' },
    indexes: [{ deviceId: 'desc', avgTemp: 'asc' }],
  });
  expect((await timescale(changed.em).diff()).map(({ safety }) => safety)).not.toContain('destructive');
  expect(await apply(changed)).toMatchObject({
    realtime: false,
    chunkInterval: '20 days',
    refresh: {
      start: '5 days',
      end: null,
      schedule: { every: '1 hour', initialStart: '2026-01-01T00:00:00.000Z', timeZone: 'Europe/Berlin' },
      bucketsPerBatch: 24,
      maxBatchesPerExecution: 10,
      refreshNewestFirst: false,
    },
    columnstore: { segmentBy: [], after: '8 days' },
    retention: { dropAfter: '24 months' },
    indexes: [[{ column: 'device_id', descending: true }, { column: 'avg_temp' }]],
  });
  expect(await db.orm([]).em.execute(jobs)).toEqual(before);
  expect(await apply(model({ columnstore: false, retention: false, refresh: false, indexes: [] }))).toMatchObject({
    realtime: false,
    refresh: false,
    columnstore: false,
    retention: false,
    indexes: [],
  });
  expect(await db.orm([]).em.execute(jobs)).toEqual([]);
  expect(await bucketsOf('hourly')).toBe(200);
});

test('what is not mentioned stays as it is', async () => {
  const before = await apply(model(everything));
  expect(await apply(model({}))).toEqual(before);
});

test('an aggregate that is no longer declared stays, and with false it goes, given the opt-in', async () => {
  await apply(model(everything));
  await insertReadings();
  await refresh('hourly');
  const without = db.orm([readings()]);
  expect(await pending(without)).toBe('');
  const Reading = readings();
  continuousAggregate('Hourly', Reading, false);
  await expect(db.orm([Reading]).schema.update()).rejects.toThrow(DestructiveChange);
  expect(await bucketsOf('hourly')).toBe(200);
  const orm = db.orm([Reading], { allowDestructive: true });
  expect(await apply(orm)).toBeUndefined();
  expect(await db.orm([]).em.execute('SELECT count(*)::int AS n FROM reading')).toEqual([{ n: 200 }]);
});

test('another query means another aggregate: it needs the opt-in, and takes along what is not mentioned', async () => {
  const was = (await apply(model(everything))) as object;
  await insertReadings();
  const Reading = readings();
  const Hourly = continuousAggregate('Hourly', Reading, {
    bucket: ['1 hour', 'time'],
    groupBy: ['deviceId'],
    select: { avgTemp: avg('temp'), n: count() },
  });
  await expect(db.orm([Reading, Hourly]).schema.update()).rejects.toThrow(
    'Rows would be lost: public.hourly: drop materialized view',
  );
  const orm = db.orm([Reading, Hourly], { allowDestructive: true });
  const { down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  const is = (await apply(orm)) as { query: object };
  expect({ ...is, query: undefined }).toEqual({ ...was, query: undefined });
  expect(await orm.em.fork().count(Hourly, { n: 1 })).toBe(200);
  for (const line of down.split('\n')) if (line.trim() !== '') await orm.em.execute(line);
  expect((await aggregatesInCatalog(orm))[0]).toEqual(was);
});

test('its entity is read like any other, typed, and cannot be written', async () => {
  const Device = defineEntity({ name: 'Device', properties: { id: p.integer().primary(), name: p.string() } });
  const Sample = defineEntity({
    name: 'Sample',
    properties: {
      time: p.datetime(6).primary(),
      device: () => p.manyToOne(Device).primary(),
      temp: p.double().nullable(),
      serial: p.bigint('bigint'),
      kind: p.enum(['in', 'out'] as const),
    },
  });
  hypertable(Sample, { by: 'time' });
  const Daily = continuousAggregate('Daily', Sample, {
    bucket: ['1 day', 'time'],
    groupBy: ['device', 'kind'],
    select: {
      n: count(),
      known: count('temp'),
      total: sum('serial'),
      mean: avg('temp'),
      least: min('serial'),
      most: max('time'),
      firstTemp: first('temp', 'time'),
      lastSerial: last('serial', 'time'),
      spread: histogram('temp', { min: 0, max: 10, buckets: 2 }),
      warm: rawAggregate<number>(({ temp }) => `CAST(count(*) FILTER (WHERE ${temp} > 5) AS int)`),
    },
    realtime: true,
  });
  const orm = db.orm([Device, Sample, Daily]);
  await apply(orm);
  const em = orm.em.fork();
  await em.insertMany(Device, [
    { id: 1, name: 'one' },
    { id: 2, name: 'two' },
  ]);
  await em.insertMany(Sample, [
    { time: new Date('2026-01-01T06:00Z'), device: 1, temp: 4, serial: 9007199254740993n, kind: 'in' },
    { time: new Date('2026-01-01T18:00Z'), device: 1, temp: 6, serial: 5n, kind: 'in' },
    { time: new Date('2026-01-01T18:00Z'), device: 2, temp: null, serial: 7n, kind: 'out' },
  ]);
  const [one, two, ...more] = await em.find(Daily, {}, { orderBy: { device: 'asc' }, populate: ['device'] });
  expect(more).toEqual([]);
  expect(one?.device.name).toBe('one');
  const least: bigint | null | undefined = one?.least;
  expect(least).toBe(5n);
  expect(one).toMatchObject({
    bucket: new Date('2026-01-01Z'),
    kind: 'in',
    n: 2,
    known: 2,
    mean: 5,
    most: new Date('2026-01-01T18:00Z'),
    firstTemp: 4,
    lastSerial: 5n,
    spread: [0, 1, 1, 0],
    warm: 1,
  });
  expect(two).toMatchObject({ n: 1, known: 0, mean: null, firstTemp: null, warm: 0 });
  expect(await em.count(Daily, { bucket: { $gte: new Date('2026-01-02Z') } })).toBe(0);
  expect(await em.findOneOrFail(Daily, { device: { name: 'two' } })).toMatchObject({ total: 7 });
  await expect(em.insert(Daily, { bucket: new Date(), device: 1 } as never)).rejects.toThrow('cannot insert into view');
  // @ts-expect-error there is no such property
  expect(() => em.getRepository(Daily).find({ name: 'x' })).toBeDefined();
});

test('an aggregate stands on another, and both are made anew together', async () => {
  const models = (more: boolean): EntitySchema[] => {
    const Reading = readings();
    const Hourly = continuousAggregate('Hourly', Reading, {
      bucket: ['1 hour', 'time'],
      groupBy: ['deviceId'],
      select: { n: count(), ...(more && { total: sum('temp') }) },
      realtime: true,
    });
    const Daily = continuousAggregate('Daily', Hourly, {
      bucket: { width: '1 day', by: 'bucket', timeZone: 'Europe/Berlin' },
      select: { n: sum('n') },
      realtime: true,
      retention: { dropAfter: '5 years' },
    });
    const Monthly = continuousAggregate('Monthly', Daily, {
      bucket: { width: '1 month', by: 'bucket', timeZone: 'Europe/Berlin' },
      select: { n: sum('n') },
      realtime: true,
    });
    // In whatever order.
    return [Monthly, Daily, Reading, Hourly];
  };
  const orm = db.orm(models(false));
  await apply(orm);
  await insertReadings();
  const monthly = `SELECT (bucket AT TIME ZONE 'Europe/Berlin')::text AS month, n::int FROM monthly ORDER BY bucket`;
  // Every six hours from 06:00 UTC of the first day on, until the midnight of Berlin that ends the month.
  const months = await orm.em.execute<{ n: number }[]>(monthly);
  expect(months[0]).toEqual({ month: '2026-01-01 00:00:00', n: 123 });
  expect(months.reduce((total, { n }) => total + n, 0)).toBe(200);
  await expect(db.orm(models(true)).schema.update()).rejects.toThrow(DestructiveChange);
  const changed = db.orm(models(true), { allowDestructive: true });
  await apply(changed);
  expect(await changed.em.execute(monthly)).toEqual(months);
  expect(await aggregatesInCatalog(changed)).toMatchObject([
    { view: 'hourly', source: 'reading' },
    { view: 'daily', source: 'hourly', retention: { dropAfter: '60 months' } },
    { view: 'monthly', source: 'daily' },
  ]);
});

test('buckets begin where time zone, origin and offset say', async () => {
  const Reading = readings();
  const select = { n: count() };
  const Zone = continuousAggregate('Zone', Reading, {
    bucket: { width: '1 day', by: 'time', timeZone: 'Asia/Kathmandu' },
    select,
    realtime: true,
  });
  const Origin = continuousAggregate('Origin', Reading, {
    bucket: { width: '10 days', by: 'time', origin: new Date('2026-01-01T06:00Z') },
    select,
    realtime: true,
  });
  const Offset = continuousAggregate('Offset', Reading, {
    bucket: { width: '1 day', by: 'time', offset: '30 minutes' },
    select,
    realtime: true,
  });
  const orm = db.orm([Reading, Zone, Origin, Offset]);
  await apply(orm);
  await insertReadings();
  const firstOf = async (view: string): Promise<unknown> => {
    const [row] = await orm.em.execute<object[]>(`SELECT (min(bucket) AT TIME ZONE 'UTC')::text AS first FROM ${view}`);
    return row;
  };
  expect(await firstOf('zone')).toEqual({ first: '2025-12-31 18:15:00' });
  expect(await firstOf('origin')).toEqual({ first: '2026-01-01 06:00:00' });
  expect(await firstOf('"offset"')).toEqual({ first: '2026-01-01 00:30:00' });
});

test.each([
  ['timestamp', p.datetime(6).columnType('timestamp(6)').primary(), "'2026-01-01 06:00'"],
  ['date', p.date().primary(), "'2026-01-01'"],
])('a %s column is cut into buckets as well', async (_name, time, value) => {
  const Note = defineEntity({ name: 'Note', properties: { time, id: p.integer().primary() } });
  hypertable(Note, { by: 'time' });
  const Weekly = continuousAggregate('Weekly', Note, {
    bucket: ['1 week', 'time'],
    select: { n: count() },
    realtime: true,
    refresh: { start: '1 month', end: '1 day', every: '1 day' },
  });
  const orm = db.orm([Note, Weekly]);
  await apply(orm);
  await orm.em.execute(`INSERT INTO note (time, id) VALUES (${value}, 1)`);
  expect(await orm.em.execute(`SELECT bucket::date::text, n::int FROM weekly`)).toEqual([
    { bucket: '2025-12-29', n: 1 },
  ]);
});

test.each([
  ['integer', p.integer().primary(), 'int'],
  ['bigint', p.bigint('number').primary(), 'bigint'],
  ['smallint', p.smallint().primary(), 'smallint'],
])('an %s column has buckets and policies in numbers', async (_name, at, type) => {
  const entities = (start: number): EntitySchema[] => {
    const Log = defineEntity({ name: 'Log', properties: { at } });
    hypertable(Log, { by: 'at', chunkInterval: 1000, integerNow: 'clock.now' });
    const Hundreds = continuousAggregate('Hundreds', Log, {
      bucket: { width: 100, by: 'at', offset: 50 },
      select: { n: count() },
      realtime: true,
      chunkInterval: 5000,
      refresh: { start, end: 100, every: '1 hour' },
      columnstore: { after: 5000 },
      retention: { dropAfter: 10_000 },
    });
    return [Log, Hundreds];
  };
  await db.orm([]).em.execute(`CREATE SCHEMA clock`);
  await db
    .orm([])
    .em.execute(`CREATE FUNCTION clock.now() RETURNS ${type} STABLE LANGUAGE sql AS 'SELECT 20000::${type}'`);
  const update = async (start: number): Promise<unknown> => {
    const orm = db.orm(entities(start));
    await orm.schema.update({ dropTables: false });
    expect(await timescale(orm.em).diff()).toEqual([]);
    return (await aggregatesInCatalog(orm))[0];
  };
  expect(await update(1000)).toMatchObject({ refresh: { start: 1000, end: 100 }, chunkInterval: 5000 });
  expect(await update(2000)).toMatchObject({ refresh: { start: 2000 }, columnstore: { after: 5000 } });
  const orm = db.orm(entities(2000));
  await orm.em.execute('INSERT INTO log (at) VALUES (149), (150), (249)');
  expect(await orm.em.execute('SELECT bucket::int, n::int FROM hundreds ORDER BY 1')).toEqual([
    { bucket: 50, n: 1 },
    { bucket: 150, n: 2 },
  ]);
});

test('columns of the hypertable get other names, another type only with the opt-in', async () => {
  const entities = (suffix: string, temp = p.double().nullable()): EntitySchema[] => {
    const Reading = defineEntity({
      name: 'Reading',
      properties: {
        time: p.datetime(6).primary().fieldName(`time${suffix}`),
        deviceId: p.integer().primary(),
        temp: temp.fieldName(`temp${suffix}`),
        place: p.string().nullable(),
      },
    });
    hypertable(Reading, { by: 'time' });
    const Hourly = continuousAggregate('Hourly', Reading, {
      bucket: ['1 hour', 'time'],
      groupBy: ['deviceId'],
      select: { avgTemp: avg('temp'), warm: rawAggregate<number>(({ temp }) => `count(*) FILTER (WHERE ${temp} > 5)`) },
      realtime: true,
    });
    return [Reading, Hourly];
  };
  await apply(db.orm(entities('')));
  await insertReadings();
  await refresh('hourly');
  const renamed = db.orm(entities('_2'));
  expect(await timescale(renamed.em).diff()).toEqual([]);
  await apply(renamed);
  expect(await bucketsOf('hourly')).toBe(200);
  const retyped = entities('_2', p.float().columnType('real').nullable() as never);
  await expect(db.orm(retyped).schema.update()).rejects.toThrow(DestructiveChange);
  await apply(db.orm(retyped, { allowDestructive: true }));
  expect(await bucketsOf('hourly')).toBe(200);
});

test('a refresh that would empty buckets whose rows a retention has dropped needs the opt-in', async () => {
  await apply(model({ refresh: { start: '3 days', end: '1 hour', every: '30 minutes' } }));
  await db.orm([]).em.execute(`SELECT add_retention_policy('reading', interval '10 days')`);
  const further = { refresh: { start: '20 days', end: '1 hour', every: '30 minutes' } } as const;
  await expect(model(further).schema.update()).rejects.toThrow('Rows would be lost: public.hourly');
  expect(await apply(model(further, { allowDestructive: true }))).toMatchObject({ refresh: { start: '20 days' } });
});

test('a table that goes takes its aggregates along, and comes back with them', async () => {
  const Reading = readings();
  const orm = db.orm([Reading, hourly(Reading)]);
  await apply(orm);
  const before = await aggregatesInCatalog(orm);
  await orm.schema.drop();
  expect(await aggregatesInCatalog(orm)).toEqual([]);
  await orm.schema.create();
  expect(await aggregatesInCatalog(orm)).toEqual(before);
  const without = db.orm([], { allowDestructive: true });
  const { up, down } = await without.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  for (const sql of [up, down]) {
    for (const line of sql.split('\n')) if (line.trim() !== '') await without.em.execute(line);
  }
  expect(await aggregatesInCatalog(orm)).toEqual(before);
});

test('an aggregate whose hypertable is not among the entities is said to lack it', () => {
  expect(() => db.orm([hourly(readings())])).toThrow(
    'continuousAggregate(Hourly), source: Reading is not among the entities. Add it',
  );
});

test('an index over one property is made once', async () => {
  const indexed = model({ indexes: [{ avgTemp: 'asc' }] });
  expect(await apply(indexed)).toMatchObject({ indexes: [[{ column: 'avg_temp' }]] });
  await db.forgetOrms();
  expect(await apply(model({ indexes: [] }))).toMatchObject({ indexes: [] });
});

test('with safe: true an aggregate of another query stays as it is, however often', async () => {
  const was = await apply(model({ ...everything, retention: false }));
  const Reading = readings();
  const Hourly = continuousAggregate('Hourly', Reading, {
    ...everything,
    bucket: ['1 hour', 'time'],
    groupBy: ['deviceId'],
    select: { avgTemp: avg('temp'), n: count() },
    retention: false,
  });
  const orm = db.orm([Reading, Hourly]);
  await orm.schema.update({ safe: true });
  await timescale(orm.em).apply({ safe: true });
  expect((await aggregatesInCatalog(orm))[0]).toEqual(was);
});

test('an aggregate goes over to another hypertable, given the opt-in', async () => {
  const models = (which: 'Reading' | 'Sample'): EntitySchema[] => {
    const [Reading, Sample] = [readings(), samples()];
    const Hourly = hourly(which === 'Reading' ? Reading : Sample);
    const Daily = continuousAggregate('Daily', Hourly, {
      bucket: ['1 day', 'bucket'],
      select: { temp: max('avgTemp') },
    });
    return [Reading, Sample, Hourly, Daily];
  };
  await apply(db.orm(models('Reading')));
  await expect(db.orm(models('Sample')).schema.update()).rejects.toThrow(DestructiveChange);
  const orm = db.orm(models('Sample'), { allowDestructive: true });
  const { down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  expect(await apply(orm)).toMatchObject({ view: 'hourly', source: 'sample' });
  for (const line of down.split('\n')) if (line.trim() !== '') await orm.em.execute(line);
  expect(await aggregatesInCatalog(orm)).toMatchObject([
    { view: 'hourly', source: 'reading' },
    { view: 'daily', source: 'hourly' },
  ]);
  await orm.schema.drop();
});

test('aggregates on each other go with their table, in real time or not', async () => {
  const Reading = readings();
  const Hourly = hourly(Reading);
  const Daily = continuousAggregate('Daily', Hourly, { bucket: ['1 day', 'bucket'], select: { n: count() } });
  const orm = db.orm([Reading, Hourly, Daily]);
  await apply(orm);
  await db.orm([samples()]).schema.update();
  expect(await aggregatesInCatalog(orm)).toEqual([]);
  await apply(orm);
  await orm.schema.refresh();
  expect(await aggregatesInCatalog(orm)).toHaveLength(2);
  await orm.schema.drop();
  expect(await aggregatesInCatalog(orm)).toEqual([]);
  await orm.schema.drop();
});

test('an aggregate goes over to a hypertable that is new', async () => {
  const Reading = readings();
  await apply(db.orm([Reading, hourly(Reading)]));
  const Sample = samples();
  const orm = db.orm([Reading, Sample, hourly(Sample)], { allowDestructive: true });
  expect(await apply(orm)).toMatchObject({ view: 'hourly', source: 'sample' });
});

test('aggregates on each other go in whatever order they are said to', async () => {
  const Reading = readings();
  const Hourly = hourly(Reading);
  const Daily = continuousAggregate('Daily', Hourly, { bucket: ['1 day', 'bucket'], select: { n: count() } });
  await apply(db.orm([Reading, Hourly, Daily], { allowDestructive: true }));
  const Changed = readings();
  continuousAggregate('Hourly', Changed, false);
  const Flat = continuousAggregate('Daily', Changed, { bucket: ['1 day', 'time'], select: { n: count() } });
  const flat = db.orm([Changed, Flat], { allowDestructive: true });
  await apply(flat);
  expect(await aggregatesInCatalog(flat)).toMatchObject([{ view: 'daily', source: 'reading' }]);
  await apply(db.orm([Reading, Hourly, Daily], { allowDestructive: true }));
  const Without = readings();
  continuousAggregate('Daily', Without, false);
  continuousAggregate('Hourly', Without, false);
  await apply(db.orm([Without], { allowDestructive: true }));
  expect(await aggregatesInCatalog(flat)).toEqual([]);
});

test('an aggregate that is made anew keeps of each policy what the model does not mention', async () => {
  const initialStart = new Date('2026-01-01Z');
  const was = await apply(
    model({
      refresh: { start: '3 days', end: '1 hour', every: '30 minutes', bucketsPerBatch: 7, initialStart },
      columnstore: { after: '7 days', every: '5 hours', initialStart },
      retention: { dropAfter: '1 year', every: '2 days' },
    }),
  );
  const Reading = readings();
  const Hourly = continuousAggregate('Hourly', Reading, {
    bucket: ['1 hour', 'time'],
    groupBy: ['deviceId'],
    select: { avgTemp: avg('temp'), n: count() },
    refresh: { start: '3 days', end: '1 hour', every: '30 minutes' },
    columnstore: { after: '7 days' },
    retention: { dropAfter: '1 year' },
  });
  const is = (await apply(db.orm([Reading, Hourly], { allowDestructive: true }))) as object;
  expect({ ...is, query: undefined }).toEqual({ ...(was as object), query: undefined });
});

test('an aggregate that is made anew without a refresh has no columnstore policy, which would want one', async () => {
  await apply(
    model({ refresh: { start: '3 days', end: '1 hour', every: '1 hour' }, columnstore: { after: '7 days' } }),
  );
  const Reading = readings();
  const Hourly = continuousAggregate('Hourly', Reading, {
    bucket: ['1 hour', 'time'],
    select: { n: count() },
    refresh: false,
  });
  const orm = db.orm([Reading, Hourly], { allowDestructive: true });
  expect(await apply(orm)).toMatchObject({ refresh: false, columnstore: { after: false } });
});

test('an aggregate is made of inherited properties', async () => {
  const Device = defineEntity({ name: 'Device', properties: { id: p.integer().primary() } });
  const Base = defineEntity({
    name: 'Base',
    abstract: true,
    properties: { time: p.datetime(6).primary(), device: () => p.manyToOne(Device).primary() },
  });
  const Sample = defineEntity({ name: 'Sample', extends: Base, properties: { temp: p.double() } });
  hypertable(Sample, { by: 'time' });
  const Hourly = continuousAggregate('Hourly', Sample, {
    bucket: ['1 hour', 'time'],
    groupBy: ['device'],
    select: { temp: max('temp') },
    realtime: true,
  });
  const orm = db.orm([Device, Base, Sample, Hourly]);
  await apply(orm);
  await orm.em.execute('INSERT INTO device VALUES (1)');
  await orm.em.insert(Sample, { time: new Date('2026-01-01T00:30Z'), device: 1, temp: 5 });
  expect(await orm.em.fork().find(Hourly, { device: 1 })).toMatchObject([
    { bucket: new Date('2026-01-01Z'), device: { id: 1 }, temp: 5 },
  ]);
});

test('SQL of one’s own may have lines, comments and texts of several lines', async () => {
  const Reading = readings();
  const Hourly = continuousAggregate('Hourly', Reading, {
    bucket: ['1 hour', 'time'],
    select: {
      lines: rawAggregate<number>(
        ({ place }) => `CAST(count(*) -- it's commented
          FILTER (WHERE ${place} IN ('a\nb\\', E'c\nd\\'', 'e;\nf -- g')) AS int) -- at the end, too`,
      ),
    },
    realtime: true,
  });
  const orm = db.orm([Reading, Hourly]);
  await apply(orm);
  const time = new Date('2026-01-01Z');
  const places = ['a\nb\\', `c\nd'`, 'e;\nf -- g', 'a b'];
  for (const [deviceId, place] of places.entries()) await orm.em.insert(Reading, { time, deviceId, place });
  expect(await orm.em.fork().findOneOrFail(Hourly, { bucket: time })).toMatchObject({ lines: 3 });
});

test('a relation is selected as its key', async () => {
  const Device = defineEntity({ name: 'Device', properties: { id: p.integer().primary() } });
  const Sample = defineEntity({
    name: 'Sample',
    properties: { time: p.datetime(6).primary(), device: () => p.manyToOne(Device) },
  });
  hypertable(Sample, { by: 'time' });
  const Hourly = continuousAggregate('Hourly', Sample, {
    bucket: ['1 hour', 'time'],
    select: { lastDevice: last('device', 'time') },
    realtime: true,
  });
  const orm = db.orm([Device, Sample, Hourly]);
  await apply(orm);
  await orm.em.execute('INSERT INTO device VALUES (7)');
  await orm.em.insert(Sample, { time: new Date('2026-01-01Z'), device: 7 });
  const [row] = await orm.em.fork().find(Hourly, {});
  const key: number | null | undefined = row?.lastDevice;
  expect(key).toBe(7);
});

test('a view reads an aggregate, and is there again when that is made anew', async () => {
  const entities = (selection: 'avg' | 'max', limit = 0): EntitySchema[] => {
    const Reading = readings();
    const Hourly = continuousAggregate('Hourly', Reading, {
      bucket: ['1 hour', 'time'],
      groupBy: ['deviceId'],
      select: { value: selection === 'avg' ? avg('temp') : max('temp') },
      realtime: true,
    });
    const Warm = defineEntity({
      name: 'Warm',
      view: true,
      expression: `select bucket, value from hourly where value > ${limit}`,
      properties: { bucket: p.datetime().primary(), value: p.double() },
    });
    return [Reading, Hourly, Warm];
  };
  const count = async (): Promise<unknown> => db.orm([]).em.execute('SELECT count(*)::int AS n FROM warm');
  await apply(db.orm(entities('avg')));
  await insertReadings();
  expect(await count()).toEqual([{ n: 200 }]);
  const orm = db.orm(entities('max'), { allowDestructive: true });
  const { down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  await apply(orm);
  expect(await count()).toEqual([{ n: 200 }]);
  for (const statement of down.split(/;\n/)) if (statement.trim() !== '') await orm.em.execute(statement);
  expect(await count()).toEqual([{ n: 200 }]);
  await apply(db.orm(entities('avg', 100)));
  expect(await count()).toEqual([{ n: 100 }]);
  await db.orm(entities('avg', 100)).schema.drop();
  await db.orm(entities('avg')).schema.create();
  expect(await count()).toEqual([{ n: 0 }]);
});

test('a role that may not make temporary views is told what it takes', async () => {
  await apply(model({}));
  const admin = db.orm([]);
  // A role belongs to all databases of a server.
  const looker = `looker_${process.pid}_${Date.now()}`;
  const url = new URL(db.url);
  const database = url.pathname.slice(1);
  await admin.em.execute(`CREATE ROLE ${looker} LOGIN`);
  try {
    await admin.em.execute(`GRANT SELECT ON reading TO ${looker}`);
    await admin.em.execute(`REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`);
    url.username = looker;
    const Reading = readings();
    const orm = db.orm([Reading, hourly(Reading)], {}, { clientUrl: url.href });
    await expect(timescale(orm.em).diff()).rejects.toThrow('GRANT TEMPORARY ON DATABASE');
  } finally {
    await admin.em.execute(`GRANT TEMPORARY ON DATABASE ${database} TO PUBLIC`);
    await admin.em.execute(`DROP OWNED BY ${looker}`);
    await admin.em.execute(`DROP ROLE ${looker}`);
  }
});

test('clearing the schema empties its aggregates too, and no others', async () => {
  const orm = model({});
  await apply(orm);
  await insertReadings();
  await orm.em.execute(`
    CREATE MATERIALIZED VIEW by_hand WITH (timescaledb.continuous) AS
    SELECT time_bucket('1 day', time) AS bucket, count(*) AS n FROM reading GROUP BY 1`);
  for (const view of ['hourly', 'by_hand']) await refresh(view);
  await orm.schema.clear();
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM reading')).toEqual([{ n: 0 }]);
  expect(await bucketsOf('hourly')).toBe(0);
  expect(await bucketsOf('by_hand')).toBe(51);
});
