import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { hypertable, NotThere, timescale, TransactionOpen } from '../src/index.ts';
import { TestDatabase } from './database.ts';
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
hypertable(Reading, {
  by: 'time',
  chunkInterval: '1 day',
  columnstore: { segmentBy: ['deviceId'], after: '2 days' },
  retention: { dropAfter: '10 days' },
  reorder: { index: 'reading_pkey' },
});
const tenant = { schema: "Tom's" };
const hourly = { schema: "Tom's", name: 'hourly' };

/** A row for each of the last 20 days. */
async function created(): Promise<MikroORM> {
  const orm = db.orm([Reading as EntitySchema]);
  await orm.schema.create(tenant);
  await orm.em.execute(`
    INSERT INTO "Tom's".reading SELECT now() - i * interval '1 day', 1 FROM generate_series(0, 19) AS i`);
  return orm;
}

const Hourly = defineEntity({
  name: 'Hourly',
  schema: "Tom's",
  view: true,
  expression: 'select 1',
  properties: { hour: p.datetime().primary() },
});

async function withAggregate(): Promise<MikroORM> {
  const orm = await created();
  await orm.em.execute(`
    CREATE MATERIALIZED VIEW "Tom's".hourly WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
    SELECT time_bucket('1 hour', time) AS hour, count(*) AS n FROM "Tom's".reading GROUP BY 1 WITH NO DATA`);
  await orm.em.execute(`
    SELECT add_continuous_aggregate_policy('"Tom''s".hourly', interval '30 days', interval '1 hour', interval '1 hour')`);
  return orm;
}

test('a policy runs now: retention, columnstore, reorder', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  expect(await ts.chunks(Reading, tenant)).toHaveLength(20);
  const job = await ts.runJob({ entity: Reading, policy: 'retention' }, tenant);
  expect(job).toMatchObject({ procedure: 'policy_retention', hypertable: { schema: "Tom's", name: 'reading' } });
  const kept = await ts.chunks(Reading, tenant);
  expect(kept.length).toBeLessThan(13);
  await ts.runJob({ entity: Reading, policy: 'reorder' }, tenant);
  await ts.runJob({ entity: Reading, policy: 'columnstore' }, tenant);
  const chunks = await ts.chunks(Reading, tenant);
  expect(chunks.filter(({ compressed }) => compressed).length).toBeGreaterThan(5);
  await ts.runJob(job.id);
});

test('the refresh of an aggregate, which goes by its view', async () => {
  await withAggregate();
  const orm = db.orm([Hourly as EntitySchema]);
  const ts = timescale(orm.em);
  const job = await ts.runJob({ entity: Hourly, policy: 'refresh' });
  expect(job.hypertable).toEqual(hourly);
  expect(await orm.em.execute(`SELECT count(*) > 15 AS done FROM "Tom's".hourly`)).toEqual([{ done: true }]);
});

test('inside a transaction: what commits in between is refused, the rest is part of it', async () => {
  const orm = await withAggregate();
  const refresh = (await timescale(orm.em).jobs()).find(({ procedure }) => procedure.includes('refresh'));
  await orm.em
    .transactional(async (em) => {
      const ts = timescale(em);
      await expect(ts.runJob({ entity: Reading, policy: 'columnstore' }, tenant)).rejects.toThrow(TransactionOpen);
      await expect(ts.runJob(refresh?.id ?? 0)).rejects.toThrow(
        `The job ${refresh?.id ?? 0} (policy_refresh_continuous_aggregate) runs transactions of its own`,
      );
      await ts.runJob({ entity: Reading, policy: 'retention' }, tenant);
      expect((await ts.chunks(Reading, tenant)).length).toBeLessThan(13);
      throw new Error('Taken back.');
    })
    .catch((error: unknown) => expect(String(error)).toBe('Error: Taken back.'));
  expect(await timescale(orm.em).chunks(Reading, tenant)).toHaveLength(20);
});

test('a job, a policy or a hypertable that is not there', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  await expect(ts.runJob(4711)).rejects.toThrow('There is no job 4711: jobs() has those there are.');
  await expect(ts.runJob({ entity: Reading, policy: 'refresh' }, tenant)).rejects.toThrow(
    "Tom's.reading has no refresh policy: declare it and migrate",
  );
  await expect(ts.runJob({ entity: Reading, policy: 'retention' }, { schema: 'nowhere' })).rejects.toThrow(NotThere);
});

test('a job that fails is the database’s error', async () => {
  const orm = await created();
  await orm.em.execute(`
    CREATE PROCEDURE fails(job_id int, config jsonb) LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of luck'; END $$`);
  const [row] = await orm.em.execute<{ id: number }[]>(`SELECT add_job('fails', '1 hour') AS id`);
  await expect(timescale(orm.em).runJob(row?.id ?? 0)).rejects.toThrow('out of luck');
  await orm.em.execute(`SELECT delete_job(${row?.id ?? 0})`);
  await orm.em.execute('DROP PROCEDURE fails');
});

test('a job that has not run yet', async () => {
  const orm = await created();
  const jobs = await timescale(orm.em).jobs();
  expect(jobs.find(({ procedure }) => procedure === 'policy_retention')).toMatchObject({
    status: 'scheduled',
    retries: { max: Infinity, every: '00:05:00' },
    lastRun: undefined,
    lastSuccess: undefined,
    runs: { total: 0, successes: 0, failures: 0 },
    lastError: undefined,
  });
});

test('what the scheduler has written down of the runs', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  const job = (await ts.jobs()).find(({ procedure }) => procedure === 'policy_retention');
  // The embedded database has no scheduler: this is what one leaves.
  await orm.em.execute(`
    INSERT INTO _timescaledb_internal.bgw_job_stat
    SELECT (stat).*
    FROM jsonb_populate_record(NULL::_timescaledb_internal.bgw_job_stat, '{
      "job_id": ${job?.id ?? 0}, "last_start": "2026-01-01 10:00Z", "last_finish": "2026-01-01 10:00:01.5Z",
      "next_start": "2026-01-02 10:00Z", "last_successful_finish": "2025-12-31 10:00Z", "last_run_success": false,
      "total_runs": 3, "total_duration": "3 s", "total_duration_failures": "1.5 s", "total_successes": 2,
      "total_failures": 1, "total_crashes": 0, "consecutive_failures": 1, "consecutive_crashes": 0, "flags": 0
    }'::jsonb) AS stat`);
  await orm.em.execute(`
    INSERT INTO _timescaledb_internal.bgw_job_stat_history (job_id, pid, execution_start, execution_finish, succeeded, data)
    SELECT ${job?.id ?? 0}, 1, at, at, false, format(
      '{"job": {"proc_name": "policy_retention", "proc_schema": "x"}, "error_data": {"message": "%s", "sqlerrcode": "55P03"}}',
      message)::jsonb
    FROM (VALUES (timestamptz '2026-01-01 10:00Z', 'locked'), ('2025-12-01 10:00Z', 'earlier')) AS fault (at, message)`);
  await orm.em.execute(`SELECT alter_job(${job?.id ?? 0}, scheduled => false, max_retries => 4)`);
  expect((await ts.jobs()).find(({ id }) => id === job?.id)).toMatchObject({
    status: 'paused',
    scheduled: false,
    nextStart: new Date('2026-01-02T10:00Z'),
    retries: { max: 4 },
    lastRun: { startedAt: new Date('2026-01-01T10:00Z'), status: 'failed', durationMs: 1500 },
    lastSuccess: new Date('2025-12-31T10:00Z'),
    runs: { total: 3, successes: 2, failures: 1 },
    lastError: { startedAt: new Date('2026-01-01T10:00Z'), code: '55P03', message: 'locked' },
  });
});
