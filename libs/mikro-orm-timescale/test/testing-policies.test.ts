import { defineEntity, p, UnderscoreNamingStrategy, type MikroORM } from '@mikro-orm/postgresql';
import { hypertable, timescale } from '../src/index.ts';
import { PolicyFailed, runJob, runPolicies } from '../src/testing/index.ts';
import { TestDatabase } from './database.ts';
import { onCommunity as test } from './server.ts';

/** Nothing is called what its property is called. */
class Shouting extends UnderscoreNamingStrategy {
  override classToTableName(name: string): string {
    return `The ${name}'s`;
  }

  override propertyToColumnName(name: string): string {
    return `Its ${name}`;
  }
}

const Reading = defineEntity({
  name: 'Reading',
  properties: { time: p.datetime(6).primary(), device: p.integer().primary(), temp: p.double() },
});
hypertable(Reading, {
  by: 'time',
  chunkInterval: '1 day',
  columnstore: { segmentBy: ['device'], after: '7 days' },
  retention: { dropAfter: '1 month' },
});
const Local = defineEntity({ name: 'Local', properties: { at: p.datetime(6).columnType('timestamp').primary() } });
hypertable(Local, { by: 'at', chunkInterval: '1 day', retention: { dropAfter: '1 day' } });
const Day = defineEntity({ name: 'Day', properties: { on: p.date().primary() } });
hypertable(Day, { by: 'on', chunkInterval: '1 day', retention: { dropAfter: '1 day' } });
const Order = defineEntity({ name: 'Order', schema: '*', properties: { time: p.datetime(6).primary() } });
hypertable(Order, { by: 'time', chunkInterval: '1 day', retention: { dropAfter: '1 day' } });

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(async () => {
  const orm = db.orm([]);
  const views = await orm.em.execute<{ sql: string }[]>(`
    SELECT format('DROP MATERIALIZED VIEW %I.%I', user_view_schema, user_view_name) AS sql
    FROM _timescaledb_catalog.continuous_agg ORDER BY mat_hypertable_id DESC`);
  for (const { sql } of views) await orm.em.execute(sql);
  await db.empty();
});

const day = (date: string): Date => new Date(`${date}T00:00:00Z`);

/** A reading each day at noon, in January of a year to come. */
async function january(orm: MikroORM, table = '"public"."reading"', columns = '(time, device, temp)'): Promise<void> {
  await orm.em.execute(
    `INSERT INTO ${table} ${columns}
     SELECT noon, 1, 20 FROM generate_series('2040-01-01 12:00Z'::timestamptz, '2040-01-31 12:00Z', '1 day') AS noon`,
  );
}

async function days(orm: MikroORM, entity: Parameters<ReturnType<typeof timescale>['chunks']>[0], schema?: string) {
  const chunks = await timescale(orm.em).chunks(entity, schema === undefined ? {} : { schema });
  return chunks.map(({ start, compressed }) => [new Date(start).getUTCDate(), compressed] as const);
}

describe('a retention', () => {
  test('drops the chunks that are older than it at that time, by the calendar', async () => {
    const orm = db.orm([Reading]);
    await orm.schema.create();
    await january(orm);
    expect(await runPolicies(orm.em)).toHaveLength(2);
    expect(await days(orm, Reading)).toHaveLength(31);
    // A month before it is January 29, as it is of February 28.
    await runPolicies(orm.em, { now: day('2040-02-29') });
    expect((await days(orm, Reading)).map(([date]) => date)).toEqual([29, 30, 31]);
    await runPolicies(orm.em, { now: day('2040-01-15') });
    expect(await days(orm, Reading)).toHaveLength(3);
    await runPolicies(orm.em, { now: day('2140-01-15') });
    expect(await days(orm, Reading)).toEqual([]);
  });

  test('is exact to the microsecond', async () => {
    const orm = db.orm([Reading]);
    await orm.schema.create();
    await january(orm);
    await runPolicies(orm.em, { now: new Date(day('2040-02-02').getTime() - 1) });
    expect(await days(orm, Reading)).toHaveLength(31);
    await runPolicies(orm.em, { now: day('2040-02-02') });
    expect(await days(orm, Reading)).toHaveLength(30);
  });

  test('of a column without a time zone counts on the clock of the session, also over a change of clocks', async () => {
    const orm = db.orm([Local, Day], {}, { pool: { min: 0, max: 1 } });
    await orm.schema.create();
    const connection = orm.em.getConnection();
    await connection.transactional(async (ctx) => {
      await connection.execute(
        `INSERT INTO local SELECT generate_series('2040-03-24 12:00'::timestamp, '2040-03-27', '1 day')`,
        [],
        'run',
        ctx,
      );
      await connection.execute(`INSERT INTO day VALUES ('2040-03-24'), ('2040-03-25'), ('2040-03-26')`, [], 'run', ctx);
    });
    // Midnight of the 26th in Berlin, where the 25th has 23 hours.
    await orm.em.execute(`SET timezone = 'Europe/Berlin'`);
    await runPolicies(orm.em, { now: new Date('2040-03-25T21:59:59Z') });
    expect((await days(orm, Local)).map(([date]) => date)).toEqual([24, 25, 26]);
    await runPolicies(orm.em, { now: new Date('2040-03-25T22:00:00Z') });
    expect((await days(orm, Local)).map(([date]) => date)).toEqual([25, 26]);
    expect((await days(orm, Day)).map(([date]) => date)).toEqual([25, 26]);
  });

  test('of an integer moves with integerNow, and not with now', async () => {
    const orm = db.orm([]);
    await orm.em.execute('CREATE EXTENSION IF NOT EXISTS timescaledb');
    await orm.em.execute('CREATE SCHEMA "My Steps"');
    await orm.em.execute(
      `CREATE FUNCTION "My Steps"."right now"() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 55::bigint'`,
    );
    await orm.em.execute('CREATE TABLE "My Steps"."Step"("No." bigint PRIMARY KEY)');
    await orm.em.execute(`SELECT create_hypertable('"My Steps"."Step"', by_range('No.', 10))`);
    await orm.em.execute(`SELECT set_integer_now_func('"My Steps"."Step"', '"My Steps"."right now"')`);
    await orm.em.execute(`SELECT add_retention_policy('"My Steps"."Step"', 50)`);
    await orm.em.execute('INSERT INTO "My Steps"."Step" SELECT generate_series(0, 99)');
    const first = async () => (await orm.em.execute('SELECT min("No.") FROM "My Steps"."Step"'))[0];
    await runPolicies(orm.em, { now: day('2100-01-01') });
    expect(await first()).toEqual({ min: '0' });
    await runPolicies(orm.em, { integerNow: 79 });
    expect(await first()).toEqual({ min: '20' });
    await runPolicies(orm.em, { integerNow: 80n });
    expect(await first()).toEqual({ min: '30' });
  });
});

describe('a columnstore policy', () => {
  test('converts the chunks that are older than it at that time', async () => {
    const orm = db.orm([Reading]);
    await orm.schema.create();
    await january(orm);
    await runPolicies(orm.em, { now: day('2040-01-10') });
    expect((await days(orm, Reading)).filter(([, compressed]) => compressed)).toEqual([
      [1, true],
      [2, true],
    ]);
    // And the retention takes what is before January 6.
    await runPolicies(orm.em, { now: new Date('2040-02-06T23:59:00Z') });
    expect((await days(orm, Reading)).map(([date, compressed]) => [date, compressed])).toEqual(
      Array.from({ length: 31 }, (_, index) => [index + 1, index + 1 < 30]).slice(5),
    );
  });
});

describe('refreshes', () => {
  const aggregates = [
    `CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous, timescaledb.materialized_only) AS
     SELECT time_bucket('1 hour', time) AS hour, avg(temp) AS temp FROM reading GROUP BY 1 WITH NO DATA`,
    `CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous, timescaledb.materialized_only) AS
     SELECT time_bucket('1 day', hour) AS day, avg(temp) AS temp FROM hourly GROUP BY 1 WITH NO DATA`,
    // The later one first: the order of the numbers of jobs is not the order to run them in.
    `SELECT add_continuous_aggregate_policy('daily', NULL, interval '1 day', interval '1 day')`,
    `SELECT add_continuous_aggregate_policy('hourly', interval '1 month', interval '1 hour', interval '1 hour')`,
  ];
  const count = async (orm: MikroORM, view: string): Promise<unknown> =>
    (await orm.em.execute<{ count: string }[]>(`SELECT count(*) FROM ${view}`))[0]?.count;

  test('cover their window at that time, what is below first, and come before the retention', async () => {
    const orm = db.orm([Reading]);
    await orm.schema.create();
    for (const sql of aggregates) await orm.em.execute(sql);
    await january(orm);
    // From January 10, 12:30, to February 10, 11:30; the retention drops what is before January 10.
    const ran = await runPolicies(orm.em, { now: new Date('2040-02-10T12:30:00Z') });
    expect(ran.map(({ procedure, hypertable }) => [procedure, hypertable?.name])).toEqual([
      ['policy_refresh_continuous_aggregate', 'hourly'],
      ['policy_refresh_continuous_aggregate', 'daily'],
      ['policy_compression', 'reading'],
      ['policy_retention', 'reading'],
    ]);
    expect(await count(orm, 'hourly')).toBe('21');
    expect(await count(orm, 'daily')).toBe('21');
    expect((await days(orm, Reading)).at(0)).toEqual([10, true]);
  });

  test('begin with the bucket that begins where the window does', async () => {
    const orm = db.orm([Reading]);
    await orm.schema.create();
    for (const sql of aggregates) await orm.em.execute(sql);
    await january(orm);
    await runPolicies(orm.em, { now: new Date('2040-02-10T12:00:00Z'), of: { name: 'hourly' } });
    expect(await count(orm, 'hourly')).toBe('22');
  });

  test('of integers move with integerNow, up to the hypertable at the bottom', async () => {
    const orm = db.orm([]);
    for (const sql of [
      'CREATE EXTENSION IF NOT EXISTS timescaledb',
      'CREATE TABLE step (n bigint PRIMARY KEY)',
      `SELECT create_hypertable('step', by_range('n', 10))`,
      `CREATE FUNCTION step_now() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 0::bigint'`,
      `SELECT set_integer_now_func('step', 'step_now')`,
      `CREATE MATERIALIZED VIEW fives WITH (timescaledb.continuous, timescaledb.materialized_only) AS
       SELECT time_bucket(5, n) AS five, count(*) AS steps FROM step GROUP BY 1 WITH NO DATA`,
      `CREATE MATERIALIZED VIEW tens WITH (timescaledb.continuous, timescaledb.materialized_only) AS
       SELECT time_bucket(10, five) AS ten, sum(steps) AS steps FROM fives GROUP BY 1 WITH NO DATA`,
      `SELECT add_continuous_aggregate_policy('fives', 40, 5, interval '1 day')`,
      `SELECT add_continuous_aggregate_policy('tens', 40, 5, interval '1 day')`,
      'INSERT INTO step SELECT generate_series(0, 99)',
    ])
      await orm.em.execute(sql);
    await runPolicies(orm.em, { integerNow: 85 });
    expect(await orm.em.execute('SELECT min(five), max(five) FROM fives')).toEqual([{ min: '45', max: '75' }]);
    expect(await orm.em.execute('SELECT min(ten), max(ten) FROM tens')).toEqual([{ min: '50', max: '70' }]);
  });
});

test('a reorder takes one chunk a run', async () => {
  const orm = db.orm([Reading]);
  await orm.schema.create();
  await orm.em.execute(`SELECT remove_columnstore_policy('reading')`).catch(() => undefined);
  await orm.em.execute(`SELECT add_reorder_policy('reading', 'reading_pkey')`);
  await january(orm);
  const ran = await runPolicies(orm.em, { now: day('2040-01-02') });
  expect(ran.map(({ procedure }) => procedure)).toContain('policy_reorder');
  const clustered = async () =>
    orm.em.execute(`SELECT FROM pg_index JOIN pg_class ON oid = indrelid WHERE indisclustered AND relname ~ '^_hyper'`);
  expect(await clustered()).toHaveLength(1);
  await runPolicies(orm.em, { now: day('2040-01-02') });
  expect(await clustered()).toHaveLength(2);
});

test('names may be anything, and an entity means its own table', async () => {
  const orm = db.orm([Reading, Local], {}, { namingStrategy: Shouting });
  await orm.schema.create();
  await january(orm, `"The Reading's"`, '("Its time", "Its device", "Its temp")');
  await orm.em.execute(`INSERT INTO "The Local's" VALUES ('2040-01-01 12:00')`);
  const ran = await runPolicies(orm.em, { now: day('2041-01-01'), of: Reading });
  const hypertable = { schema: 'public', name: `The Reading's` };
  expect(ran.map((each) => each.hypertable)).toEqual([hypertable, hypertable]);
  expect(await days(orm, Reading)).toEqual([]);
  expect(await days(orm, Local)).toHaveLength(1);
  const others = await runPolicies(orm.em, { now: day('2041-01-01'), of: { name: `The Local's` } });
  expect(others).toHaveLength(1);
  expect(await days(orm, Local)).toEqual([]);
});

test("one tenant's policies may run without the other's", async () => {
  const orm = db.orm([Order]);
  for (const schema of ['one', "other's"]) {
    await orm.schema.update({ schema });
    await orm.em.execute(`INSERT INTO "${schema}"."order" VALUES ('2040-01-01')`);
  }
  expect(await runPolicies(orm.em, { now: day('2041-01-01'), of: Order, schema: "other's" })).toHaveLength(1);
  expect(await days(orm, Order, "other's")).toEqual([]);
  expect(await days(orm, Order, 'one')).toHaveLength(1);
  expect(await runPolicies(orm.em, { now: day('2041-01-01') })).toHaveLength(2);
  expect(await days(orm, Order, 'one')).toEqual([]);
});

test('a paused policy runs when it is asked for by its number, and so does a job of your own', async () => {
  const orm = db.orm([Local]);
  await orm.schema.create();
  await orm.em.execute(`INSERT INTO local VALUES ('2040-01-01')`);
  await orm.em.execute(`CREATE TABLE ran (config jsonb)`);
  await orm.em.execute(`
    CREATE PROCEDURE own_job(job_id int, config jsonb) LANGUAGE sql AS 'INSERT INTO ran VALUES (own_job.config)'`);
  await orm.em.execute(`SELECT add_job('own_job', '1 day', config => '{"drop_after": "1 day"}')`);
  const jobs = await timescale(orm.em).jobs();
  const numberOf = (procedure: string): number => jobs.find((job) => job.procedure === procedure)?.id ?? 0;
  await orm.em.execute(`SELECT alter_job(${numberOf('policy_retention')}, scheduled => false)`);

  const now = day('2041-01-01');
  expect(await runPolicies(orm.em, { now })).toEqual([]);
  expect(await days(orm, Local)).toHaveLength(1);
  await runJob(orm.em, numberOf('policy_retention'), { now });
  expect(await days(orm, Local)).toEqual([]);
  await runJob(orm.em, numberOf('own_job'), { now });
  expect(await orm.em.execute('SELECT * FROM ran')).toEqual([{ config: { drop_after: '1 day' } }]);
  await orm.em.execute(`SELECT delete_job(${numberOf('own_job')})`);
  await orm.em.execute('DROP PROCEDURE own_job');
});

test('a policy that fails says which one it was, and why', async () => {
  const orm = db.orm([Reading]);
  await orm.schema.create();
  await orm.em.execute(`CREATE INDEX gone ON reading (time)`);
  await orm.em.execute(`SELECT add_reorder_policy('reading', 'gone')`);
  await orm.em.execute(`DROP INDEX gone`);
  const failing = runPolicies(orm.em, { now: day('2040-01-01') });
  await expect(failing).rejects.toBeInstanceOf(PolicyFailed);
  await expect(failing).rejects.toMatchObject({
    message: expect.stringMatching(
      /^policy_reorder \(job \d+\) of "public"."reading": .*reorder index not found$/,
    ) as string,
    policy: { hypertable: { schema: 'public', name: 'reading' } },
  });
});

test('what is not there is said not to be', async () => {
  const orm = db.orm([Reading]);
  await orm.schema.create();
  await expect(runJob(orm.em, 4711)).rejects.toThrow('there is no job 4711. Look it up with timescale(em).jobs().');
  const url = orm.config.get('clientUrl') ?? '';
  await expect(runPolicies(url, { of: Reading })).rejects.toThrow('an entity has a table only with an entity manager');
  expect(await runPolicies(url, { of: { name: 'reading' } })).toHaveLength(2);
  expect(await runPolicies(url, { of: { name: 'nothing' } })).toEqual([]);
});
