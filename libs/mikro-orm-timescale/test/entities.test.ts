import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable, InvalidHypertable } from '../src/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity, onlyCommunity } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const key = { time: p.datetime(6).primary(), id: p.integer().primary() };

test('an entity has a hypertable by properties that it inherits', async () => {
  const Timed = defineEntity({ name: 'Timed', abstract: true, properties: key });
  const Reading = defineEntity({ name: 'Reading', extends: Timed, properties: { temp: p.double() } });
  hypertable(Reading, { by: 'time', chunkInterval: '1 day' });
  const orm = db.orm([Timed, Reading]);
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({ by: { column: 'time', interval: '1 day' } });
});

test('an inherited key that lacks the time is seen as well', () => {
  const Numbered = defineEntity({ name: 'Numbered', abstract: true, properties: { id: p.integer().primary() } });
  const Reading = defineEntity({ name: 'Reading', extends: Numbered, properties: { time: p.datetime(6) } });
  expect(() => hypertable(Reading, { by: 'time' })).toThrow('the primary key (id) lacks "time"');
});

test('what has no table is refused', () => {
  const Span = defineEntity({ name: 'Span', embeddable: true, properties: { time: p.datetime() } });
  expect(() => hypertable(Span, { by: 'time' })).toThrow('an embeddable has no table');
  const Latest = defineEntity({
    name: 'Latest',
    expression: 'SELECT now() AS time',
    properties: { time: p.datetime() },
  });
  expect(() => hypertable(Latest, { by: 'time' })).toThrow(InvalidHypertable);
  expect(() => hypertable(Latest, { by: 'time' })).toThrow(
    'a view has no table. Declare the entity that it selects from',
  );
});

test('entities of one table are one hypertable, which their root declares', async () => {
  const Event = defineEntity({
    name: 'Event',
    abstract: true,
    discriminatorColumn: 'kind',
    properties: { ...key, kind: p.string() },
  });
  const Alarm = defineEntity({
    name: 'Alarm',
    extends: Event,
    discriminatorValue: 'alarm',
    properties: { level: p.integer() },
  });
  expect(() => hypertable(Alarm, { by: 'time' })).toThrow(
    'hypertable(Alarm), the entity: its rows are in the table of Event. Declare Event.',
  );
  hypertable(Event, { by: 'time', chunkInterval: '1 day', ...onlyCommunity({ columnstore: { segmentBy: ['kind'] } }) });
  const orm = db.orm([Event, Alarm] as EntitySchema[]);
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'event')).toMatchObject({
    by: { interval: '1 day' },
    ...onlyCommunity({ columnstore: { segmentBy: ['kind'] } }),
  });
});

onCommunity.each(['tenant', 'public'])('integers have a now in a schema of any tenant: %s', async (schema) => {
  const Log = defineEntity({ name: 'Log', schema: '*', properties: { at: p.bigint('number').primary() } });
  hypertable(Log, {
    by: 'at',
    chunkInterval: 1000,
    integerNow: 'clock.now_ms',
    columnstore: { after: 5000, every: '1 hour' },
    retention: { dropAfter: 9000, every: '1 hour' },
  });
  const orm = db.orm([Log]);
  await orm.em.execute('CREATE SCHEMA clock');
  await orm.em.execute(`CREATE FUNCTION clock.now_ms() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT 20000::bigint'`);
  await orm.schema.update({ schema, dropTables: false });
  expect((await orm.schema.getUpdateSchemaSQL({ schema, wrap: false, dropTables: false })).trim()).toBe('');
  expect(await stateInCatalog(orm, 'log', schema)).toMatchObject({
    by: { interval: 1000 },
    integerNow: { schema: 'clock', name: 'now_ms' },
    columnstore: { after: 5000, schedule: { every: '1 hour' } },
    retention: { dropAfter: 9000, schedule: { every: '1 hour' } },
  });
  await orm.em.execute(`INSERT INTO ${schema}.log SELECT generate_series(1, 19999, 100)`);
  const jobs = await orm.em.execute<{ job_id: number }[]>(
    `SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'log' ORDER BY proc_name`,
  );
  for (const { job_id: id } of jobs) await orm.em.execute(`CALL run_job(${id})`);
  const [left] = await orm.em.execute<{ min: string }[]>(`SELECT min(at) FROM ${schema}.log`);
  expect(Number(left?.min)).toBe(11001);
});
