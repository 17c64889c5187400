import { defineEntity, p, type EntitySchema, type MikroORM, type Options } from '@mikro-orm/postgresql';
import { hypertable, InvalidBound, NotThere, PreviewOutdated, timescale } from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { AskingNames } from './loud-names.ts';
import { onCommunity, onlyCommunity } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const Reading = defineEntity({
  name: 'Reading',
  schema: '*',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day', ...onlyCommunity({ columnstore: {} }) });
const metrics = { schema: 'metrics' };
const old = { olderThan: new Date('2026-01-03Z') };

/** The first three days of 2026, a row an hour. */
async function created(schema = 'metrics', options: Options = {}): Promise<MikroORM> {
  const orm = db.orm([Reading as EntitySchema], {}, options);
  await orm.schema.create({ schema });
  const table = `"${schema}"."${orm.getMetadata().get(Reading.meta.class).collection}"`;
  await orm.em.execute(`
    INSERT INTO ${table}
    SELECT timestamptz '2026-01-01 00:00Z' + i * interval '1 hour', 1 FROM generate_series(0, 71) AS i`);
  await orm.em.execute('ANALYZE');
  return orm;
}

async function count(orm: MikroORM): Promise<number> {
  const [row] = await orm.em.execute<{ n: number }[]>('SELECT count(*)::int AS n FROM metrics.reading');
  return row?.n ?? 0;
}

test('a preview drops nothing, and its token drops what it showed', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  const preview = await ts.dropChunks(Reading, old, metrics);
  expect(preview).toMatchObject({
    chunks: [{ start: new Date('2026-01-01Z') }, { start: new Date('2026-01-02Z') }],
    rows: 48,
  });
  expect(preview.bytes).toBeGreaterThan(0);
  expect(await count(orm)).toBe(72);
  const dropped = await ts.dropChunks(Reading, old, { ...metrics, confirm: preview.token });
  expect(dropped).toEqual(preview.chunks);
  expect(await count(orm)).toBe(24);
});

onCommunity('chunks in the columnstore count their rows and go as well', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  await ts.compress(Reading, old, metrics);
  await orm.em.execute('ANALYZE');
  const preview = await ts.dropChunks(Reading, old, metrics);
  expect(preview.rows).toBe(48);
  await ts.dropChunks(Reading, old, { ...metrics, confirm: preview.token });
  expect(await count(orm)).toBe(24);
});

test.each<[string, (orm: MikroORM) => Promise<unknown>]>([
  ['came', (orm) => orm.em.execute(`INSERT INTO metrics.reading VALUES ('2025-12-31', 1)`)],
  ['went', (orm) => orm.em.execute(`SELECT drop_chunks('metrics.reading', older_than => '2026-01-02'::timestamptz)`)],
])('where a chunk %s since, nothing is dropped', async (_name, change) => {
  const orm = await created();
  const ts = timescale(orm.em);
  const { token } = await ts.dropChunks(Reading, old, metrics);
  await change(orm);
  const before = await count(orm);
  const fault = await ts.dropChunks(Reading, old, { ...metrics, confirm: token }).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(PreviewOutdated);
  expect(String(fault)).toContain('metrics.reading: other chunks fit now than in the preview, and none was dropped');
  expect(await count(orm)).toBe(before);
});

test('a chunk that comes while they are dropped brings all of them back', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  const { token } = await ts.dropChunks(Reading, old, metrics);
  // Stands for a row of another session that makes a chunk right after the chunks were looked at.
  const connection = orm.em.getDriver().getConnection();
  const execute = connection.execute.bind(connection);
  Object.assign(connection, {
    async execute(...args: Parameters<typeof execute>) {
      if (typeof args[0] === 'string' && args[0].includes('drop_chunks')) {
        await execute(`INSERT INTO metrics.reading VALUES ('2025-12-31', 1)`, [], 'run', args[3]);
      }
      return execute(...args);
    },
  });
  await expect(ts.dropChunks(Reading, old, { ...metrics, confirm: token })).rejects.toThrow(PreviewOutdated);
  Object.assign(connection, { execute });
  expect(await count(orm)).toBe(72);
});

test('a token is for one hypertable, and for one set of bounds', async () => {
  const orm = await created();
  await orm.schema.create({ schema: 'other' });
  const ts = timescale(orm.em);
  const { token } = await ts.dropChunks(Reading, old, metrics);
  await expect(ts.dropChunks(Reading, old, { schema: 'other', confirm: token })).rejects.toThrow(PreviewOutdated);
  await expect(
    ts.dropChunks(Reading, { olderThan: new Date('2026-01-04Z') }, { ...metrics, confirm: token }),
  ).rejects.toThrow(PreviewOutdated);
  await expect(ts.dropChunks(Reading, old, { ...metrics, confirm: '' })).rejects.toThrow(PreviewOutdated);
  expect(await count(orm)).toBe(72);
});

test('nothing to drop is a preview too', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  const bounds = { newerThan: '1 hour' } as const;
  const preview = await ts.dropChunks(Reading, bounds, metrics);
  expect(preview).toMatchObject({ chunks: [], rows: 0, bytes: 0 });
  expect(await ts.dropChunks(Reading, bounds, { ...metrics, confirm: preview.token })).toEqual([]);
  expect(await count(orm)).toBe(72);
});

test('inside a transaction the drop is part of it, and a refusal leaves the transaction usable', async () => {
  const orm = await created();
  await orm.em
    .transactional(async (em) => {
      const ts = timescale(em);
      await expect(ts.dropChunks(Reading, old, { ...metrics, confirm: 'another' })).rejects.toThrow(PreviewOutdated);
      const { token } = await ts.dropChunks(Reading, old, metrics);
      await ts.dropChunks(Reading, old, { ...metrics, confirm: token });
      expect(await em.execute('SELECT count(*)::int AS n FROM metrics.reading')).toEqual([{ n: 24 }]);
      throw new Error('Taken back.');
    })
    .catch((error: unknown) => expect(String(error)).toBe('Error: Taken back.'));
  expect(await count(orm)).toBe(72);
});

onCommunity('a continuous aggregate keeps what it has of the rows', async () => {
  const orm = await created();
  await orm.em.execute(`
    CREATE MATERIALIZED VIEW metrics.daily WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
    SELECT time_bucket('1 day', time) AS day, count(*)::int AS n FROM metrics.reading GROUP BY 1 WITH NO DATA`);
  const ts = timescale(orm.em);
  await ts.refresh({ schema: 'metrics', name: 'daily' });
  const { token } = await ts.dropChunks(Reading, old, metrics);
  await ts.dropChunks(Reading, old, { ...metrics, confirm: token });
  expect(await count(orm)).toBe(24);
  expect(await orm.em.execute('SELECT n FROM metrics.daily')).toEqual([{ n: 24 }, { n: 24 }, { n: 24 }]);
});

test('without a bound it says so, with another’s or none of it as well', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  const fault = await ts.dropChunks(Reading, {}, metrics).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(InvalidBound);
  expect(String(fault)).toContain('metrics.reading, dropChunks: there is neither olderThan nor newerThan');
  await expect(ts.dropChunks(Reading, {}, { ...metrics, confirm: 'token' })).rejects.toThrow(InvalidBound);
  await expect(ts.dropChunks(Reading, { olderThan: 7 }, metrics)).rejects.toThrow(InvalidBound);
  await expect(ts.dropChunks(Reading, old, { schema: 'nowhere' })).rejects.toThrow(NotThere);
});

test('whatever the naming strategy does, in the schema of a tenant', async () => {
  const schema = "Tom's Tenant";
  const orm = await created(schema, { namingStrategy: AskingNames });
  const ts = timescale(orm.em);
  const { token, chunks } = await ts.dropChunks(Reading, old, { schema });
  expect(await ts.dropChunks(Reading, old, { schema, confirm: token })).toEqual(chunks);
  expect(await ts.chunks(Reading, { schema })).toHaveLength(1);
});
