import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { hypertable, MissingFeature, timescale, type LiveTimescale } from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { onApache } from './server.ts';

const Reading = defineEntity({
  name: 'Reading',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day' });

const db = new TestDatabase();
let orm: MikroORM;
let ts: LiveTimescale;
beforeAll(async () => {
  await db.start();
  orm = db.orm([Reading as EntitySchema]);
  ts = timescale(orm.em);
  await orm.schema.create();
  await orm.em.execute(`
    INSERT INTO reading
    SELECT timestamptz '2026-01-01 00:00Z' + i * interval '1 hour', 1 FROM generate_series(0, 71) AS i`);
  await orm.em.execute('ANALYZE reading');
});
afterAll(() => db.stop());

onApache('stats, jobs and capabilities have what there is', async () => {
  expect(await ts.stats(Reading)).toMatchObject({ rows: 72, chunks: 3, columnstore: undefined });
  expect((await ts.jobs()).length).toBeGreaterThan(0);
  const { edition, backgroundWorkers } = await ts.capabilities();
  expect(edition).toBe('apache');
  expect(backgroundWorkers.max).toBeGreaterThan(0);
});

onApache('chunks are dropped', async () => {
  const old = { olderThan: new Date('2026-01-02Z') };
  const { token, rows } = await ts.dropChunks(Reading, old);
  expect(rows).toBe(24);
  expect(await ts.dropChunks(Reading, old, { confirm: token })).toHaveLength(1);
});

onApache('what the edition lacks is named', async () => {
  const all = [ts.compress(Reading), ts.decompress(Reading), ts.refresh(Reading), ts.runJob(3)];
  for (const work of await Promise.allSettled(all)) {
    expect(work).toMatchObject({ status: 'rejected', reason: expect.any(MissingFeature) as unknown });
  }
  await expect(ts.compress(Reading)).rejects.toThrow(
    'public.reading: compress() needs the community edition of TimescaleDB, and the server has 2.',
  );
});

onApache('what is there is pulled', async () => {
  expect(await ts.pull()).toContain(`hypertable(Reading, {\n  by: 'time',\n  chunkInterval: '1 day',\n});`);
});
