import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { hypertable } from '../src/index.ts';
import { pending, TestDatabase } from './database.ts';
import { server } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double().nullable() };

const isCommunity = server.edition === 'community';

/** A hypertable that was made by hand, with all that TimescaleDB adds to one by itself. */
async function byHand(orm: MikroORM): Promise<void> {
  await orm.em.execute(
    'CREATE TABLE reading (time timestamptz(6), device_id int, temp float8, PRIMARY KEY (time, device_id))',
  );
  await orm.em.execute(`SELECT create_hypertable('reading', by_range('time', interval '1 day'))`);
  await orm.em.execute(`SELECT add_dimension('reading', by_hash('device_id', 2))`);
  await orm.em.execute(`
    INSERT INTO reading
    SELECT timestamptz '2026-01-01' + i * interval '6 hours', i % 5, i FROM generate_series(1, 200) AS i`);
  if (!isCommunity) return;
  await orm.em.execute(`ALTER TABLE reading SET (timescaledb.enable_columnstore = true)`);
  await orm.em.execute(`SELECT compress_chunk(chunk) FROM show_chunks('reading') AS chunk`);
  await orm.em.execute(`
    CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous) AS
    SELECT time_bucket('1 hour', time) AS hour, device_id, avg(temp) AS temp FROM reading GROUP BY 1, 2`);
  await orm.em.execute(`SELECT add_retention_policy('hourly', interval '1 year')`);
}

test.each<[string, (entity: EntitySchema<object>) => void]>([
  ['declared', (entity) => hypertable(entity as EntitySchema<{ time: Date }>, { by: 'time' })],
  ['not declared', () => undefined],
])('a hypertable that is %s keeps all that TimescaleDB made', async (_name, declare) => {
  const Reading = defineEntity({ name: 'Reading', properties });
  declare(Reading as EntitySchema<object>);
  const orm = db.orm([Reading]);
  await byHand(orm);
  expect(await pending(orm)).toBe('');
  const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  expect([up, down].map((sql) => sql.trim())).toEqual(['', '']);
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM reading')).toEqual([{ n: 200 }]);
  if (isCommunity) expect(await orm.em.execute('SELECT count(*)::int AS n FROM hourly')).toEqual([{ n: 200 }]);
});

test('what the model adds and drops beside them is done all the same', async () => {
  const Reading = defineEntity({
    name: 'Reading',
    properties: { ...properties, place: p.string().nullable() },
    indexes: [{ name: 'reading_place', properties: ['place', 'time'] }],
  });
  hypertable(Reading, { by: 'time' });
  const orm = db.orm([Reading]);
  await byHand(orm);
  await orm.em.execute('CREATE VIEW mine AS SELECT 1 AS one');
  await orm.em.execute('CREATE INDEX reading_temp ON reading (temp)');
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  const names = `SELECT relname AS name FROM pg_class WHERE relname IN ('mine', 'reading_temp', 'reading_place', 'hourly')`;
  expect(await orm.em.execute(`${names} ORDER BY 1`)).toEqual([
    ...(isCommunity ? [{ name: 'hourly' }] : []),
    { name: 'reading_place' },
  ]);
});

test('an index of the model under the name of a default index is the model’s', async () => {
  const Reading = defineEntity({
    name: 'Reading',
    properties,
    indexes: [{ name: 'reading_time_idx', columns: [{ name: 'time', sort: 'desc' }] }],
  });
  hypertable(Reading, { by: 'time' });
  const orm = db.orm([Reading]);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  const Without = defineEntity({ name: 'Reading', properties });
  hypertable(Without, { by: 'time' });
  expect(await pending(db.orm([Without]))).toBe('');
});

test('dropping the schema drops the hypertable with its chunks', async () => {
  const Reading = defineEntity({ name: 'Reading', properties });
  hypertable(Reading, { by: 'time' });
  const orm = db.orm([Reading]);
  await byHand(orm);
  await orm.schema.drop();
  expect(
    await orm.em.execute(
      `SELECT count(*)::int AS n FROM timescaledb_information.chunks WHERE hypertable_name = 'reading'`,
    ),
  ).toEqual([{ n: 0 }]);
  await orm.schema.refresh();
  expect(await pending(orm)).toBe('');
});
