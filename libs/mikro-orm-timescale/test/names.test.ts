import { defineEntity, p, type EntitySchema, type MikroORM, type Options } from '@mikro-orm/postgresql';
import {
  bloom,
  continuousAggregate,
  count,
  hash,
  hypertable,
  last,
  minmax,
  rawAggregate,
  timescale,
} from '../src/index.ts';
import { aggregatesInCatalog, pending, stateInCatalog, TestDatabase } from './database.ts';
import { LoudNames } from './loud-names.ts';
import { hasVersion, onCommunity, onlyCommunity, onSparseIndexes, server } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const isCommunity = server.edition === 'community';

const time = p.datetime(6).primary();
const deviceId = p.integer().primary();
const temp = p.double().nullable();
const place = p.string().nullable();

onSparseIndexes(
  'a naming strategy that renames everything is followed, in capitals, spaces, apostrophes and reserved words',
  async () => {
    const entities = (chunkInterval: '1 day' | '2 days', realtime = false): EntitySchema[] => {
      const isFirst = chunkInterval === '1 day';
      const Reading = defineEntity({
        name: 'Reading',
        schema: 'My Schema',
        properties: { time, deviceId, temp, place, seq: p.bigint(), noted: p.date() },
      });
      hypertable(Reading, {
        by: 'time',
        chunkInterval,
        dimensions: [hash('deviceId', 2)],
        columnstore: {
          segmentBy: ['deviceId'],
          orderBy: { temp: 'asc' },
          sparseIndexes: isFirst ? [minmax('place')] : [bloom('place'), minmax('seq')],
          after: chunkInterval,
          every: isFirst ? '1 hour' : '2 hours',
        },
        chunkSkipping: isFirst ? ['seq'] : ['seq', 'noted'],
        retention: { dropAfter: isFirst ? '10 days' : '20 days', every: '1 hour' },
        reorder: { index: `Tom's Reading_pkey`, initialStart: false },
      });
      const Hourly = continuousAggregate('Hourly', Reading, {
        bucket: ['1 hour', 'time'],
        groupBy: ['deviceId'],
        select: {
          lastTemp: last('temp', 'time'),
          warm: rawAggregate<number>(({ temp }) => `count(*) FILTER (WHERE ${temp} > 5)`),
        },
        realtime,
        refresh: { start: '1 day', end: null, every: '1 hour' },
        columnstore: { segmentBy: ['deviceId'], orderBy: { lastTemp: 'asc' }, after: chunkInterval },
        indexes: [{ warm: realtime ? 'asc' : 'desc', bucket: 'asc' }],
      });
      return [Reading, Hourly];
    };
    const named: Options = { namingStrategy: LoudNames };
    const before = db.orm(entities('1 day'), {}, named);
    await before.schema.create();
    expect(await pending(before)).toBe('');
    const orm = db.orm(entities('2 days', true), {}, named);
    await orm.schema.update();
    expect(await pending(orm)).toBe('');
    expect(await aggregatesInCatalog(orm)).toMatchObject([
      {
        view: "Tom's Hourly",
        source: "Tom's Reading",
        realtime: true,
        columnstore: {
          segmentBy: [`It's DEVICEID`],
          orderBy: [{ column: `It's LASTTEMP` }, { column: `It's BUCKET` }],
          after: '2 days',
        },
        indexes: [[{ column: `It's WARM`, descending: false }, { column: `It's BUCKET` }]],
      },
    ]);
    await orm.em.execute(`INSERT INTO "My Schema"."Tom's Reading" VALUES ('2026-01-01Z', 1, 7, 'x', 1, '2026-01-01')`);
    expect(await orm.em.fork().find(orm.getMetadata().getByClassName('Hourly').class, {})).toMatchObject([
      { bucket: new Date('2026-01-01Z'), deviceId: 1, lastTemp: 7, warm: '1' },
    ]);
    expect(await stateInCatalog(orm, "Tom's Reading", 'My Schema')).toEqual({
      by: { column: 'select', interval: '2 days' },
      dimensions: [{ kind: 'hash', column: `It's DEVICEID`, partitions: 2 }],
      columnstore: {
        segmentBy: [`It's DEVICEID`],
        orderBy: [
          { column: `It's TEMP`, descending: false, nullsFirst: false },
          { column: 'select', descending: true, nullsFirst: true },
        ],
        sparseIndexes: [
          { kind: 'bloom', column: `It's PLACE` },
          { kind: 'minmax', column: `It's SEQ` },
        ],
        after: '2 days',
        schedule: { every: '2 hours', initialStart: false, timeZone: false },
      },
      chunkSkipping: [`It's NOTED`, `It's SEQ`],
      retention: { dropAfter: '20 days', schedule: { every: '1 hour', initialStart: false, timeZone: false } },
      reorder: {
        index: "Tom's Reading_pkey",
        schedule: { every: '12 hours', initialStart: false, timeZone: false },
      },
    });
  },
);

test('two hypertables of one name in two schemas do not meet', async () => {
  const of = (schema: string, chunkInterval: '1 day' | '2 days' | '3 days'): EntitySchema => {
    const Reading = defineEntity({
      name: `${schema}Reading`,
      schema,
      tableName: 'reading',
      properties: { time, deviceId },
    });
    hypertable(Reading, { by: 'time', chunkInterval });
    return Reading;
  };
  await db.orm([of('a', '1 day'), of('b', '1 day')]).schema.create();
  const orm = db.orm([of('a', '3 days'), of('b', '2 days')]);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading', 'a')).toMatchObject({ by: { interval: '3 days' } });
  expect(await stateInCatalog(orm, 'reading', 'b')).toMatchObject({ by: { interval: '2 days' } });
});

onCommunity('a schema per tenant has a hypertable per tenant', async () => {
  const Reading = defineEntity({ name: 'Reading', schema: '*', properties: { time, deviceId } });
  hypertable(Reading, { by: 'time', chunkInterval: '1 day', retention: { dropAfter: '1 year' } });
  const Daily = continuousAggregate('Daily', Reading, {
    bucket: ['1 day', 'time'],
    select: { n: count() },
    realtime: true,
  });
  const orm = db.orm([Reading, Daily]);
  for (const schema of ['tenant one', 'tenant two']) {
    await orm.schema.create({ schema });
    expect(await timescale(orm.em).diff({ schema })).toEqual([]);
    await orm.em.fork().insert(Reading, { time: new Date('2026-01-01Z'), deviceId: 1 }, { schema });
    expect(await orm.em.fork().find(Daily, {}, { schema })).toMatchObject([{ n: 1 }]);
    expect(await stateInCatalog(orm, 'reading', schema)).toMatchObject({ by: { interval: '1 day' } });
  }
  expect(await pending(orm)).toBe('');
  await orm.em.execute(`SELECT remove_retention_policy('"tenant two".reading')`);
  expect(await timescale(orm.em).diff({ schema: 'tenant one' })).toEqual([]);
  expect(await timescale(orm.em).diff({ schema: 'tenant two' })).toMatchObject([{ hypertable: 'tenant two.reading' }]);
});

test('the schema of the configuration is the schema of the hypertable', async () => {
  const Reading = defineEntity({ name: 'Reading', properties: { time, deviceId } });
  hypertable(Reading, { by: 'time', chunkInterval: '1 day' });
  const orm = db.orm([Reading], {}, { schema: 'metrics' });
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading', 'metrics')).toMatchObject({ by: { interval: '1 day' } });
});

test('columns that get other names stay what they are to the hypertable', async () => {
  const entities = (suffix: string, after: '1 day' | '2 days'): EntitySchema[] => {
    const Reading = defineEntity({
      name: 'Reading',
      properties: {
        time: p.datetime(6).primary().fieldName(`time${suffix}`),
        deviceId: p.integer().primary().fieldName(`device${suffix}`),
        temp: p.double().nullable().fieldName(`temp${suffix}`),
        seq: p.integer().nullable().fieldName(`seq${suffix}`),
        noted: p.date().nullable().fieldName(`noted${suffix}`),
      },
    });
    hypertable(Reading, {
      by: 'time',
      dimensions: [hash('deviceId', 2)],
      ...onlyCommunity({
        columnstore: {
          segmentBy: ['deviceId' as const],
          orderBy: { time: 'asc' as const },
          ...(hasVersion('2.22') && { sparseIndexes: [minmax('temp')] }),
          after,
        },
        chunkSkipping: suffix === '' ? ['seq' as const, 'noted' as const] : ['seq' as const],
      }),
    });
    return [Reading];
  };
  await db.orm(entities('', '1 day')).schema.create();
  const orm = db.orm(entities('_2', '2 days'));
  const rows = `SELECT timestamptz '2026-01-01' + i * interval '1 hour', i % 3, i FROM generate_series(1, 50) AS i`;
  await orm.em.execute(`INSERT INTO reading (time, device, temp) ${rows}`);
  if (isCommunity) await orm.em.execute(`SELECT compress_chunk(chunk) FROM show_chunks('reading') AS chunk`);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({
    by: { column: 'time_2' },
    dimensions: [{ column: 'device_2' }],
    ...onlyCommunity({
      columnstore: {
        segmentBy: ['device_2'],
        orderBy: [{ column: 'time_2' }],
        ...(hasVersion('2.22') && { sparseIndexes: [{ kind: 'minmax', column: 'temp_2' }] }),
        after: '2 days',
      },
      chunkSkipping: ['seq_2'],
    }),
  });
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM reading WHERE device_2 = 1')).toEqual([{ n: 17 }]);
});

test('of two tables of one name in two schemas, one of them the default, each is a hypertable', async () => {
  const properties = { time, deviceId, temp };
  const Own = defineEntity({ name: 'Own', tableName: 'reading', properties });
  const Other = defineEntity({ name: 'Other', tableName: 'reading', schema: 'other', properties });
  hypertable(Other, { by: 'time', chunkInterval: '2 days' });
  hypertable(Own, { by: 'time', chunkInterval: '1 day' });
  const select = { n: count() };
  const OwnHourly = continuousAggregate('OwnHourly', Own, { bucket: ['1 hour', 'time'], select, viewName: 'hourly' });
  const OtherHourly = continuousAggregate('OtherHourly', Other, {
    bucket: ['2 hours', 'time'],
    select,
    viewName: 'hourly',
  });
  const orm = db.orm([Other, Own, ...(isCommunity ? [OtherHourly, OwnHourly] : [])]);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({ by: { interval: '1 day' } });
  expect(await stateInCatalog(orm, 'reading', 'other')).toMatchObject({ by: { interval: '2 days' } });
  expect(await aggregatesInCatalog(orm)).toHaveLength(isCommunity ? 2 : 0);
});

onCommunity('migrations lose no statement to a name with one apostrophe', async () => {
  const folder = await db.folder();
  const models = (more: boolean): EntitySchema[] => {
    const Reading = defineEntity({ name: 'Reading', properties: { time, deviceId, temp } });
    hypertable(Reading, { by: 'time', chunkInterval: '1 day' });
    const Hourly = continuousAggregate('Hourly', Reading, {
      bucket: ['1 hour', 'time'],
      groupBy: ['deviceId'],
      select: { n: count() },
      viewName: `o'clock`,
      realtime: more,
      indexes: more ? [{ n: 'asc', bucket: 'asc' }] : [],
    });
    return [Reading, Hourly];
  };
  const project = (entities: EntitySchema[]): MikroORM =>
    db.orm(entities, {}, { migrations: { path: folder, pathTs: folder, emit: 'js', silent: true } });
  const before = project(models(false));
  await before.migrator.create(undefined, false, false, 'first');
  await before.migrator.up();
  expect(await pending(before)).toBe('');
  const after = project(models(true));
  await after.migrator.create(undefined, false, false, 'second');
  await after.migrator.up();
  expect(await pending(after)).toBe('');
  await after.migrator.down();
  expect(await pending(before)).toBe('');
});
