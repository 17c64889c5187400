import { defineEntity, MikroORM, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable, MissingFeature, Timescale, timescale } from '../src/index.ts';

// A server of the Apache edition on which databases may be created: the embedded one is of the other edition.
const apacheUrl = process.env['TIMESCALE_APACHE_URL'];
if (!apacheUrl)
  console.info('TIMESCALE_APACHE_URL is not set: the tests with a server of the Apache edition are skipped.');

const Reading = defineEntity({
  name: 'Reading',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day' });

(apacheUrl ? describe : describe.skip)('live, on a server of the Apache edition', () => {
  const url = new URL(apacheUrl ?? 'postgresql://nowhere');
  url.pathname = `/mot_live_${process.pid}`;
  const orm = new MikroORM({
    entities: [Reading as EntitySchema],
    clientUrl: url.href,
    extensions: [Timescale],
    logger: () => undefined,
  });
  const ts = timescale(orm.em);

  beforeAll(async () => {
    await orm.schema.create();
    await orm.em.execute(`
      INSERT INTO reading
      SELECT timestamptz '2026-01-01 00:00Z' + i * interval '1 hour', 1 FROM generate_series(0, 71) AS i`);
    await orm.em.execute('ANALYZE reading');
  });
  afterAll(async () => {
    await orm.schema.dropDatabase(url.pathname.slice(1));
    await orm.close(true);
  });

  test('stats, jobs and capabilities have what there is', async () => {
    expect(await ts.stats(Reading)).toMatchObject({ rows: 72, chunks: 3, columnstore: undefined });
    expect((await ts.jobs()).length).toBeGreaterThan(0);
    const { edition, backgroundWorkers } = await ts.capabilities();
    expect(edition).toBe('apache');
    expect(backgroundWorkers.max).toBeGreaterThan(0);
  });

  test('a scheduler that runs is seen', async () => {
    let seen: boolean | undefined = false;
    for (let tries = 0; !seen && tries < 60; tries++) {
      seen = (await ts.capabilities()).backgroundWorkers.running;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(seen).toBe(true);
  });

  test('chunks are dropped', async () => {
    const old = { olderThan: new Date('2026-01-02Z') };
    const { token, rows } = await ts.dropChunks(Reading, old);
    expect(rows).toBe(24);
    expect(await ts.dropChunks(Reading, old, { confirm: token })).toHaveLength(1);
  });

  test('what the edition lacks is named', async () => {
    const all = [ts.compress(Reading), ts.decompress(Reading), ts.refresh(Reading), ts.runJob(3)];
    for (const work of await Promise.allSettled(all)) {
      expect(work).toMatchObject({ status: 'rejected', reason: expect.any(MissingFeature) as unknown });
    }
    await expect(ts.compress(Reading)).rejects.toThrow(
      'public.reading: compress() needs the community edition of TimescaleDB, and the server has 2.',
    );
  });

  test('what is there is pulled', async () => {
    expect(await ts.pull()).toContain(`hypertable(Reading, {\n  by: 'time',\n  chunkInterval: '1 day',\n});`);
  });
});
