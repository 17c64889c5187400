import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { continuousAggregate, count, hypertable, timescale, type Job } from '../src/index.ts';
import { plainDatabase, TestDatabase } from './database.ts';
import { onCommunity, onServer, serverUrl } from './server.ts';

// TimescaleDB's launcher passes over the kit's databases, so these tests have one that it finds.

const db = new TestDatabase();
if (serverUrl !== undefined) {
  beforeAll(() => db.start(plainDatabase));
  afterAll(() => db.stop());
}

const Reading = defineEntity({ name: 'Reading', properties: { time: p.datetime(6).primary() } });
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
    () => timescale(em).capabilities(),
    (found) => found.backgroundWorkers.running === true,
  );
  expect(backgroundWorkers).toEqual({ running: true, max: expect.any(Number) as unknown });
});

(serverUrl === undefined ? test.skip : onCommunity)(
  'a retention and a refresh policy are run by a worker, and jobs() tells',
  async () => {
    const orm = db.orm([Reading as EntitySchema, Hourly as EntitySchema]);
    await orm.schema.update();
    // Policies run as soon as they are there, so the rows come first in their next run.
    await orm.em.execute(`INSERT INTO reading SELECT now() - i * interval '12 hours' FROM generate_series(1, 60) AS i`);
    const ts = timescale(orm.em);
    const runs = new Map((await ts.jobs()).map(({ id, runs }) => [id, runs.total]));
    await orm.em.execute(`
      SELECT alter_job(job_id, next_start => now()) FROM timescaledb_information.jobs
      WHERE proc_name IN ('policy_retention', 'policy_refresh_continuous_aggregate')`);
    const ofPolicies = async (): Promise<Job[]> => (await ts.jobs()).filter(({ hypertable }) => hypertable);
    const jobs = await until(ofPolicies, (found) =>
      found.every(({ id, lastRun, runs: { total } }) => total > (runs.get(id) ?? 0) && lastRun?.status !== undefined),
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
      expect(lastSuccess?.getTime()).toBeGreaterThan(Date.now() - 60_000);
    }
    const oldest = (await ts.chunks(Reading))[0]?.end as Date;
    expect(oldest.getTime()).toBeGreaterThan(Date.now() - 11 * 86_400_000);
    expect(await orm.em.fork().count(Hourly)).toBeGreaterThanOrEqual(8);
  },
);

/** What is found as soon as it is as wanted, or what was found last. */
async function until<Found>(find: () => Promise<Found>, isWanted: (found: Found) => boolean): Promise<Found> {
  const end = Date.now() + 45_000;
  let found = await find();
  while (!isWanted(found) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    found = await find();
  }
  return found;
}
