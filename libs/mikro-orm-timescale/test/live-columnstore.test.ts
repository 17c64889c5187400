import { defineEntity, p, type EntitySchema, type MikroORM, type Options } from '@mikro-orm/postgresql';
import { ConversionStopped, hypertable, InvalidBound, NotThere, timescale } from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { AskingNames } from './loud-names.ts';
import { onCommunity as test } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const Reading = defineEntity({
  name: 'Reading',
  schema: '*',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day', columnstore: { segmentBy: ['deviceId'] } });
const metrics = { schema: 'metrics' };

/** The first three days of 2026, a row an hour. */
async function created(schema = 'metrics', options: Options = {}): Promise<MikroORM> {
  const orm = db.orm([Reading as EntitySchema], {}, options);
  await orm.schema.create({ schema });
  const { collection } = orm.getMetadata().get(Reading.meta.class);
  await orm.em.execute(`
    INSERT INTO "${schema}"."${collection}"
    SELECT timestamptz '2026-01-01 00:00Z' + i * interval '1 hour', 1 FROM generate_series(0, 71) AS i`);
  return orm;
}

/** Which days are in the columnstore. */
async function converted(orm: MikroORM, schema = 'metrics'): Promise<string[]> {
  const chunks = await timescale(orm.em).chunks(Reading, { schema });
  return chunks.filter(({ compressed }) => compressed).map(({ start }) => day(start));
}

function day(start: Date | number): string {
  return new Date(start).toISOString().slice(8, 10);
}

test('chunks go to the columnstore and come back, with all rows, and are named', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  const done = await ts.compress(Reading, { olderThan: new Date('2026-01-03Z') }, metrics);
  expect(done).toMatchObject([
    { start: new Date('2026-01-01Z'), compressed: true },
    { start: new Date('2026-01-02Z'), compressed: true },
  ]);
  expect(await converted(orm)).toEqual(['01', '02']);
  expect((await ts.compress(Reading, {}, metrics)).map(({ start }) => day(start))).toEqual(['03']);
  expect(await ts.compress(Reading, {}, metrics)).toEqual([]);
  const back = await ts.decompress(Reading, { newerThan: new Date('2026-01-02Z') }, metrics);
  expect(back).toMatchObject([{ compressed: false }, { compressed: false }]);
  expect(await converted(orm)).toEqual(['01']);
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM metrics.reading')).toEqual([{ n: 72 }]);
});

test('how long ago is counted from now', async () => {
  const orm = await created();
  await orm.em.execute('INSERT INTO metrics.reading VALUES (now(), 1)');
  const ts = timescale(orm.em);
  expect(await ts.compress(Reading, { newerThan: '2 days' }, metrics)).toHaveLength(1);
  expect(await ts.compress(Reading, { olderThan: { weeks: 1 } }, metrics)).toHaveLength(3);
});

test('only these chunks', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  const [first, second] = await ts.chunks(Reading, metrics);
  if (!first || !second) throw new Error('There are three.');
  await ts.compress(Reading, { chunks: [second] }, metrics);
  expect(await converted(orm)).toEqual(['02']);
  await expect(ts.compress(Reading, { chunks: [first], newerThan: new Date('2026-01-03Z') }, metrics)).rejects.toThrow(
    `has no chunk ${first.schema}.${first.name} within the bounds: take them from chunks()`,
  );
});

test('one that got rows since is done again without being asked for, any other with recompress', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  await ts.compress(Reading, {}, metrics);
  await orm.em.execute(`INSERT INTO metrics.reading VALUES ('2026-01-02 12:34Z', 2)`);
  expect((await ts.compress(Reading, {}, metrics)).map(({ start }) => day(start))).toEqual(['02']);
  expect(await ts.compress(Reading, {}, metrics)).toEqual([]);
  await orm.em.execute(`ALTER TABLE metrics.reading SET (timescaledb.segmentby = '')`);
  const settings = `
    SELECT DISTINCT coalesce(segmentby, '') AS segment_by FROM timescaledb_information.chunk_columnstore_settings`;
  expect(await ts.compress(Reading, { recompress: true }, metrics)).toHaveLength(3);
  expect(await orm.em.execute(settings)).toEqual([{ segment_by: '' }]);
});

test('what was done before a failure stays, and is named', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  await orm.em.execute(`
    SELECT _timescaledb_functions.freeze_chunk(chunk) FROM show_chunks('metrics.reading', newer_than => '2026-01-03'::timestamptz) AS chunk`);
  const fault = await ts.compress(Reading, {}, metrics).catch((error: unknown) => error);
  if (!(fault instanceof ConversionStopped)) throw fault;
  expect(fault.done.map(({ start }) => day(start))).toEqual(['01', '02']);
  expect(day(fault.chunk.start)).toBe('03');
  expect(fault.message).toMatch(/^metrics\.reading: the chunk .*frozen.*; the 2 before it are and stay so\.$/);
  expect(await converted(orm)).toEqual(['01', '02']);
});

test('inside a transaction all of it is part of that', async () => {
  const orm = await created();
  await orm.em
    .transactional(async (em) => {
      expect(await timescale(em).compress(Reading, {}, metrics)).toHaveLength(3);
      expect(await converted(orm)).toHaveLength(3);
      throw new Error('Taken back.');
    })
    .catch(() => undefined);
  expect(await converted(orm)).toEqual([]);
  await orm.em.execute(`
    SELECT _timescaledb_functions.freeze_chunk(chunk) FROM show_chunks('metrics.reading', newer_than => '2026-01-03'::timestamptz) AS chunk`);
  const fault = await orm.em
    .transactional((em) => timescale(em).compress(Reading, {}, metrics))
    .catch((error: unknown) => error);
  expect(fault).toMatchObject({ name: 'ConversionStopped', done: [] });
  expect(String(fault)).toContain('the transaction has to be rolled back');
  expect(await converted(orm)).toEqual([]);
});

test('each tenant for itself, whatever the naming strategy does', async () => {
  const orm = await created("Tom's", { namingStrategy: AskingNames });
  await orm.schema.create({ schema: 'other' });
  const ts = timescale(orm.em);
  expect(await ts.compress(Reading, { olderThan: '1 day' }, { schema: 'other' })).toEqual([]);
  expect(await ts.compress(Reading, { olderThan: new Date('2026-01-02Z') }, { schema: "Tom's" })).toHaveLength(1);
  expect(await converted(orm, "Tom's")).toEqual(['01']);
  expect(await ts.decompress(Reading, {}, { schema: "Tom's" })).toHaveLength(1);
});

test('bounds are what the column is: a date, a timestamp in UTC, an integer', async () => {
  const orm = db.orm([]);
  const entity = (name: string): EntitySchema =>
    defineEntity({ name, properties: { at: p.integer().primary() } }) as EntitySchema;
  const tables = { Days: 'date', Stamps: 'timestamp', Ticks: 'smallint' };
  for (const [name, type] of Object.entries(tables)) {
    const width = type === 'smallint' ? '10' : `interval '1 day'`;
    await orm.em.execute(`CREATE TABLE ${name.toLowerCase()} (at ${type} NOT NULL)`);
    await orm.em.execute(`SELECT create_hypertable('${name.toLowerCase()}', by_range('at', ${width}))`);
    await orm.em.execute(`ALTER TABLE ${name.toLowerCase()} SET (timescaledb.enable_columnstore = true)`);
  }
  await orm.em.execute(`INSERT INTO days VALUES ('2026-01-01'), ('2026-01-02'), ('2026-01-03')`);
  await orm.em.execute(`INSERT INTO stamps VALUES ('2026-01-01 12:00'), ('2026-01-02 12:00'), ('2026-01-03 12:00')`);
  await orm.em.execute(`INSERT INTO ticks VALUES (5), (15), (25)`);
  const [Days, Stamps, Ticks] = Object.keys(tables).map(entity);
  if (!Days || !Stamps || !Ticks) throw new Error('There are three.');
  const ts = timescale(db.orm([Days, Stamps, Ticks]).em);
  for (const each of [Days, Stamps]) {
    expect(await ts.compress(each, { olderThan: new Date('2026-01-02T12:00Z') })).toMatchObject([
      { start: new Date('2026-01-01Z') },
    ]);
    expect(await ts.compress(each, { newerThan: new Date('2026-01-02T12:00Z') })).toMatchObject([
      { start: new Date('2026-01-03Z') },
    ]);
    expect(await ts.compress(each, { olderThan: '1 second' })).toHaveLength(1);
    await expect(ts.compress(each, { olderThan: 7 })).rejects.toThrow(
      `olderThan: 7 has no unit. Give a Date, or '7 days'.`,
    );
  }
  expect(await ts.compress(Ticks, { olderThan: 20, newerThan: 10 })).toMatchObject([{ start: 10, end: 20 }]);
  for (const wrong of [new Date(), '7 days', 1.5] as const) {
    await expect(ts.compress(Ticks, { olderThan: wrong })).rejects.toThrow(InvalidBound);
  }
  await expect(ts.compress(Days, { newerThan: '7' as '7 days' })).rejects.toThrow(
    `public.days, newerThan: "7" is no interval. Write it as '7 days' or { days: 7 }.`,
  );
  await expect(ts.compress(Days, { newerThan: new Date('never') })).rejects.toThrow('the date is invalid');
});

test('where the columnstore is off, or there is no hypertable, the message names the remedy', async () => {
  const Off = defineEntity({ name: 'Off', properties: { time: p.datetime(6).primary() } });
  hypertable(Off, { by: 'time', columnstore: false });
  const orm = db.orm([Off as EntitySchema]);
  const ts = timescale(orm.em);
  await expect(ts.decompress(Off)).rejects.toThrow('There is no table public.off: migrate');
  await orm.schema.create();
  await expect(ts.compress(Off)).rejects.toThrow('public.off has no columnstore: switch it on');
  await expect(ts.compress(Off)).rejects.toThrow(NotThere);
});
