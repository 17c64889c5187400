import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { hypertable, InvalidBound, NotThere, timescale, TransactionOpen } from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { onCommunity as test } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const schema = "Tom's Metrics";
const hourly = { schema, name: 'By "Hour"?' };
const view = `"Tom's Metrics"."By ""Hour""?"`;

const Reading = defineEntity({
  name: 'Reading',
  schema,
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day' });

async function created(): Promise<MikroORM> {
  const orm = db.orm([Reading as EntitySchema]);
  await orm.schema.create();
  await orm.em.execute(`
    CREATE MATERIALIZED VIEW ${view} WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
    SELECT time_bucket('1 hour', time) AS hour, count(*) AS n FROM "${schema}".reading GROUP BY 1 WITH NO DATA`);
  await orm.em.execute(`
    INSERT INTO "${schema}".reading
    SELECT timestamptz '2026-01-01 00:00Z' + i * interval '10 minutes', 1 FROM generate_series(0, 17) AS i`);
  return orm;
}

async function hours(orm: MikroORM, of = view): Promise<string[]> {
  const rows = await orm.em.execute<{ hour: string }[]>(
    `SELECT to_char(hour AT TIME ZONE 'UTC', 'HH24:MI') || ' ' || n AS hour FROM ${of} ORDER BY hour`,
  );
  return rows.map(({ hour }) => hour);
}

test('everything, without a window', async () => {
  const orm = await created();
  await timescale(orm.em).refresh(hourly);
  expect(await hours(orm)).toEqual(['00:00 6', '01:00 6', '02:00 6']);
});

test('the buckets wholly within a window, and no other', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  await ts.refresh(hourly, { from: new Date('2026-01-01T01:00Z'), to: new Date('2026-01-01T02:30Z') });
  expect(await hours(orm)).toEqual(['01:00 6']);
  await ts.refresh(hourly, { to: '1 hour' });
  expect(await hours(orm)).toHaveLength(3);
});

test('what counts as up to date is done again when forced', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  await ts.refresh(hourly);
  await orm.em.execute(`
    DO $$ DECLARE chunk regclass; BEGIN
      FOR chunk IN SELECT show_chunks('${view.replaceAll("'", "''")}') LOOP EXECUTE format('DELETE FROM %s', chunk); END LOOP;
    END $$`);
  await ts.refresh(hourly);
  expect(await hours(orm)).toEqual([]);
  await ts.refresh(hourly, { force: true });
  expect(await hours(orm)).toHaveLength(3);
});

test('inside a transaction it says what to do, and the transaction goes on', async () => {
  const orm = await created();
  await orm.em.transactional(async (em) => {
    await em.execute(`INSERT INTO "${schema}".reading VALUES ('2026-01-01 05:00Z', 1)`);
    for (const each of [em, orm.em]) {
      const fault = await timescale(each)
        .refresh(hourly)
        .catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(TransactionOpen);
      expect(String(fault)).toContain('commit first, and call it outside of em.transactional()');
    }
  });
  await timescale(orm.em).refresh(hourly);
  expect(await hours(orm)).toContain('05:00 1');
});

test('an entity names its view, in the schema of its tenant', async () => {
  const Hourly = defineEntity({
    name: 'Hourly',
    schema: '*',
    tableName: 'By "Hour"?',
    view: true,
    expression: 'select 1',
    properties: { hour: p.datetime().primary(), n: p.integer() },
  });
  const orm = await created();
  await timescale(db.orm([Hourly as EntitySchema]).em).refresh(Hourly, {}, { schema });
  expect(await hours(orm)).toHaveLength(3);
});

test('an aggregate over a date column, and one over an integer, take what their columns are', async () => {
  const orm = db.orm([]);
  await orm.em.execute('CREATE TABLE days (day date NOT NULL)');
  await orm.em.execute(`SELECT create_hypertable('days', by_range('day', interval '1 month'))`);
  await orm.em.execute(`
    CREATE MATERIALIZED VIEW weeks WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
    SELECT time_bucket('1 week', day) AS week, count(*) AS n FROM days GROUP BY 1 WITH NO DATA`);
  await orm.em.execute(`INSERT INTO days SELECT date '2026-01-05' + i FROM generate_series(0, 20) AS i`);
  const ts = timescale(orm.em);
  await ts.refresh({ name: 'weeks' }, { from: new Date('2026-01-05Z'), to: new Date('2026-01-12T12:00Z') });
  expect(await orm.em.execute('SELECT week::text, n::int FROM weeks')).toEqual([{ week: '2026-01-05', n: 7 }]);

  await orm.em.execute('CREATE TABLE ticks (at integer NOT NULL)');
  await orm.em.execute(`SELECT create_hypertable('ticks', by_range('at', 100))`);
  await orm.em.execute('CREATE FUNCTION tick() RETURNS integer LANGUAGE sql STABLE AS $$ SELECT 1000 $$');
  await orm.em.execute(`SELECT set_integer_now_func('ticks', 'tick')`);
  await orm.em.execute(`
    CREATE MATERIALIZED VIEW tens WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
    SELECT time_bucket(10, at) AS ten, count(*) AS n FROM ticks GROUP BY 1 WITH NO DATA`);
  await orm.em.execute('INSERT INTO ticks SELECT generate_series(0, 39)');
  await ts.refresh({ name: 'tens' }, { from: 10, to: 30 });
  expect(await orm.em.execute('SELECT ten FROM tens ORDER BY 1')).toEqual([{ ten: 10 }, { ten: 20 }]);
  await expect(ts.refresh({ name: 'tens' }, { from: new Date() })).rejects.toThrow(
    'public.tens, from: the column is an integer. Give a number.',
  );
  await orm.em.execute('DROP FUNCTION tick CASCADE');
});

test('what is no aggregate is told from what is not there', async () => {
  const orm = await created();
  const ts = timescale(orm.em);
  await expect(ts.refresh(Reading)).rejects.toThrow('is a hypertable, no continuous aggregate: name the view');
  await expect(ts.refresh({ schema, name: 'daily' })).rejects.toThrow(NotThere);
  await expect(ts.refresh(hourly, { to: new Date('never') })).rejects.toThrow(InvalidBound);
});
