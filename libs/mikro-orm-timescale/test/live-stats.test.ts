import { defineEntity, p, type EntitySchema, type MikroORM, type Options } from '@mikro-orm/postgresql';
import { hypertable, NotThere, NoTimescale, timescale } from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { AskingNames } from './loud-names.ts';
import { onCommunity, server } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double().nullable() };

function reading(schema: string, columnstore = server.edition === 'community'): EntitySchema {
  const Reading = defineEntity({ name: 'Reading', schema, properties });
  hypertable(Reading, {
    by: 'time',
    chunkInterval: '1 day',
    ...(columnstore && { columnstore: { segmentBy: ['deviceId'] } }),
  });
  return Reading;
}

/** One row a minute for three days and a bit: 1440, 1440, 1440 and 680. */
async function filled(Reading: EntitySchema, schema: string, options: Options = {}): Promise<MikroORM> {
  const orm = db.orm([Reading], {}, options);
  await orm.schema.create({ schema });
  const { collection } = orm.getMetadata().get(Reading.meta.class);
  await orm.em.execute(`
    INSERT INTO "${schema}"."${collection}"
    SELECT timestamptz '2026-01-01 00:00Z' + i * interval '1 minute', i % 3, i FROM generate_series(0, 4999) AS i`);
  return orm;
}

onCommunity('rows, chunks and bytes, with what the columnstore saved', async () => {
  const Reading = reading('metrics');
  const orm = await filled(Reading, 'metrics');
  const ts = timescale(orm.em);
  await ts.compress(Reading, { olderThan: new Date('2026-01-03Z') });
  // So that autovacuum, which changes sizes, has nothing to do between one look and the next.
  await orm.em.execute('VACUUM ANALYZE metrics.reading');
  const stats = await ts.stats(Reading);
  expect(stats).toMatchObject({
    hypertable: { schema: 'metrics', name: 'reading' },
    kind: 'hypertable',
    rows: 5000,
    chunks: 4,
    columnstore: { chunks: 2 },
  });
  const { table, index, toast, total } = stats.bytes;
  expect(table + index + toast).toBe(total);
  expect(await orm.em.execute(`SELECT hypertable_size('metrics.reading')::int AS total`)).toEqual([{ total }]);
  const { bytesBefore, bytesAfter, ratio } = stats.columnstore ?? { bytesBefore: 0, bytesAfter: 0 };
  expect(bytesBefore).toBeGreaterThan(bytesAfter);
  expect(ratio).toBe(bytesBefore / bytesAfter);
});

test('rows that no ANALYZE has seen are not called none', async () => {
  const Reading = reading('metrics');
  const orm = db.orm([Reading]);
  await orm.schema.create();
  // What is not committed autovacuum does not analyze.
  await orm.em.transactional(async (em) => {
    await em.execute(`INSERT INTO metrics.reading VALUES ('2026-01-01', 1, 1)`);
    expect((await timescale(em).stats(Reading)).rows).toBeUndefined();
  });
});

test('a hypertable without a row, and one whose columnstore is off', async () => {
  const Reading = reading('metrics', false);
  const orm = db.orm([Reading]);
  await orm.schema.create();
  expect(await timescale(orm.em).stats(Reading)).toMatchObject({ rows: 0, chunks: 0, columnstore: undefined });
});

onCommunity('a columnstore without a chunk', async () => {
  const Reading = reading('metrics', false);
  const orm = db.orm([Reading]);
  await orm.schema.create();
  await orm.em.execute('ALTER TABLE metrics.reading SET (timescaledb.enable_columnstore = true)');
  expect((await timescale(orm.em).stats(Reading)).columnstore).toEqual({
    chunks: 0,
    bytesBefore: 0,
    bytesAfter: 0,
    ratio: undefined,
  });
});

onCommunity(
  'an aggregate counts under the name of its view, and a table that partitions by an integer as any',
  async () => {
    const Reading = reading('metrics');
    const orm = await filled(Reading, 'metrics');
    await orm.em.execute(`
    CREATE MATERIALIZED VIEW metrics.daily WITH (timescaledb.continuous) AS
    SELECT time_bucket('1 day', time) AS day, count(*) FROM metrics.reading GROUP BY 1 WITH NO DATA`);
    await orm.em.execute('CREATE TABLE ticks (at bigint NOT NULL)');
    await orm.em.execute(`SELECT create_hypertable('ticks', by_range('at', 100))`);
    await orm.em.execute('INSERT INTO ticks VALUES (1), (101)');
    await timescale(orm.em).refresh({ schema: 'metrics', name: 'daily' });
    await orm.em.execute('ANALYZE');
    expect(await timescale(orm.em).stats()).toMatchObject([
      { hypertable: { schema: 'metrics', name: 'daily' }, kind: 'continuousAggregate', rows: 4, chunks: 1 },
      { hypertable: { schema: 'metrics', name: 'reading' }, kind: 'hypertable', rows: 5000, chunks: 4 },
      { hypertable: { schema: 'public', name: 'ticks' }, kind: 'hypertable', rows: 2, chunks: 2 },
    ]);
    expect(await timescale(orm.em).stats(undefined, { schema: 'public' })).toHaveLength(1);
    const Daily = defineEntity({
      name: 'Daily',
      schema: 'metrics',
      view: true,
      expression: 'select day, count from metrics.daily',
      properties: { day: p.datetime().primary(), count: p.integer() },
    });
    const views = timescale(db.orm([Daily as EntitySchema]).em);
    expect(await views.stats(Daily)).toMatchObject({ kind: 'continuousAggregate', rows: 4 });
    expect(await views.chunks(Daily)).toMatchObject([{ hypertable: { schema: 'metrics', name: 'daily' } }]);
    expect((await views.chunks()).map(({ hypertable: { schema, name } }) => `${schema}.${name}`)).toEqual([
      'metrics.daily',
      ...Array<string>(4).fill('metrics.reading'),
      ...Array<string>(2).fill('public.ticks'),
    ]);
  },
);

test('with a naming strategy of capitals, spaces, apostrophes and question marks, and a schema per tenant', async () => {
  const Reading = reading('*');
  const orm = await filled(Reading, "Tenant's one", { namingStrategy: AskingNames });
  await orm.schema.create({ schema: 'Tenant two' });
  await orm.em.execute('ANALYZE');
  const ts = timescale(orm.em);
  expect(await ts.stats(Reading, { schema: "Tenant's one" })).toMatchObject({ rows: 5000, chunks: 4 });
  expect(await ts.stats(Reading, { schema: 'Tenant two' })).toMatchObject({ rows: 0, chunks: 0 });
  expect(await timescale(orm.em.fork({ schema: "Tenant's one" })).stats(Reading)).toMatchObject({ rows: 5000 });
});

test('an ordinary table and one that is not there are told apart', async () => {
  const Plain = defineEntity({ name: 'Plain', schema: 'metrics', properties: { id: p.integer().primary() } });
  const orm = db.orm([Plain as EntitySchema]);
  await expect(timescale(orm.em).stats(Plain)).rejects.toThrow('There is no table metrics.plain: migrate');
  await orm.schema.create();
  await expect(timescale(orm.em).stats(Plain)).rejects.toThrow('metrics.plain is no hypertable: declare it');
  await expect(timescale(orm.em).chunks(Plain)).rejects.toThrow(NotThere);
  expect(await timescale(orm.em).stats()).toEqual([]);
});

test('a transaction sees its own rows', async () => {
  const Reading = reading('metrics');
  const orm = db.orm([Reading]);
  await orm.schema.create();
  await orm.em.transactional(async (em) => {
    await em.execute(`INSERT INTO metrics.reading VALUES ('2026-01-01', 1, 1)`);
    expect(await timescale(em).stats(Reading)).toMatchObject({ chunks: 1 });
    expect(await timescale(orm.em).chunks(Reading)).toHaveLength(1);
    expect(await timescale(em).jobs()).not.toEqual([]);
    expect(await timescale(em).capabilities()).toMatchObject({ edition: server.edition });
  });
});

test('without TimescaleDB in the database, each says so', async () => {
  const Reading = reading('metrics');
  const orm = db.orm([Reading]);
  await orm.em.execute('DROP EXTENSION timescaledb CASCADE');
  const ts = timescale(orm.em);
  try {
    const faults = await Promise.all(
      [
        ts.stats(),
        ts.stats(Reading),
        ts.chunks(),
        ts.jobs(),
        ts.refresh({ name: 'hourly' }),
        ts.compress(Reading),
        ts.decompress(Reading),
        ts.dropChunks(Reading, { olderThan: '1 day' }),
        ts.runJob(1000),
      ].map((work) => work.then(() => undefined).catch((fault: unknown) => fault)),
    );
    for (const fault of faults) expect(fault).toBeInstanceOf(NoTimescale);
    expect(String(faults[0])).toContain(
      'stats() needs TimescaleDB, which is not created in this database: run the mig',
    );
    expect(await ts.capabilities()).toMatchObject({ edition: 'none', toolkit: undefined });
  } finally {
    await db.stop();
    await db.start();
  }
});
