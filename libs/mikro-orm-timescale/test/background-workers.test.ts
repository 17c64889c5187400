import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { continuousAggregate, count, hypertable, timescale } from '../src/index.ts';
import { plainDatabase, TestDatabase } from './database.ts';
import { onCommunity, onServer, serverUrl } from './server.ts';
import { until } from './until.ts';

// TimescaleDB's launcher passes over the kit's databases, so these tests have one that it finds.

const db = new TestDatabase();
if (serverUrl !== undefined) {
  beforeAll(() => db.start(plainDatabase));
  afterAll(() => db.stop());
}

const properties = { time: p.datetime(6).primary() };
const WithoutPolicies = defineEntity({ name: 'Reading', properties });
hypertable(WithoutPolicies, { by: 'time', chunkInterval: '1 day' });
const Reading = defineEntity({ name: 'Reading', properties });
hypertable(Reading, { by: 'time', chunkInterval: '1 day', retention: { dropAfter: '10 days', every: '1 hour' } });
const Hourly = continuousAggregate('Hourly', Reading, {
  bucket: ['1 hour', 'time'],
  select: { n: count() },
  refresh: { start: '5 days', end: '1 hour', every: '1 hour' },
});

// invalid_cursor_state: what workers of TimescaleDB 2.29.2 say on PostgreSQL 17.12 after any job, TimescaleDB's own too.
const brokenWorkers = '24000';

onServer('the scheduler of a database is seen', async () => {
  const { em } = db.orm([]);
  await em.execute('CREATE EXTENSION IF NOT EXISTS timescaledb');
  const { backgroundWorkers } = await until(
    'the scheduler is seen',
    () => timescale(em).capabilities(),
    (found) => found.backgroundWorkers.running === true,
  );
  expect(backgroundWorkers).toEqual({ running: true, max: expect.any(Number) as unknown });
});

(serverUrl === undefined ? test.skip : onCommunity)(
  'a retention and a refresh policy are run by a worker, and jobs() tells',
  async () => {
    const before = db.orm([WithoutPolicies as EntitySchema]);
    await before.schema.update();
    await before.em.execute(
      `INSERT INTO reading SELECT now() - i * interval '12 hours' FROM generate_series(1, 60) AS i`,
    );
    const orm = db.orm([Reading as EntitySchema, Hourly as EntitySchema], { allowDestructive: true });
    const ts = timescale(orm.em);
    const startedAt = Date.now();
    // Policies run as soon as they are there.
    await orm.schema.update();
    const jobs = await until(
      'each policy has run',
      async () => (await ts.jobs()).filter(({ hypertable }) => hypertable),
      (found) => found.every(({ lastRun }) => lastRun?.status !== undefined),
    );
    expect(jobs.map(({ procedure }) => procedure).sort()).toEqual([
      'policy_refresh_continuous_aggregate',
      'policy_retention',
    ]);
    const broken = jobs.find(({ lastError }) => lastError?.code === brokenWorkers);
    if (broken) {
      console.info(`The workers of this server end every job with an error: ${broken.lastError?.message}`);
      expect(jobs.map(({ lastRun }) => lastRun?.status)).toEqual(['failed', 'failed']);
      return;
    }
    for (const { lastRun, lastSuccess, lastError } of jobs) {
      expect(lastError).toBeUndefined();
      expect(lastRun?.status).toBe('success');
      expect(lastSuccess?.getTime()).toBeGreaterThanOrEqual(startedAt);
    }
    const oldest = (await ts.chunks(Reading))[0]?.end as Date;
    expect(oldest.getTime()).toBeGreaterThan(Date.now() - 11 * 86_400_000);
    expect(await orm.em.fork().count(Hourly)).toBeGreaterThanOrEqual(8);
  },
);
