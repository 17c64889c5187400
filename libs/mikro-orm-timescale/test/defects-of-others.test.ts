import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import {
  bloom,
  hash,
  hypertable,
  InvalidHypertable,
  minmax,
  timescale,
  type HypertableOptions,
  type TimescaleSettings,
} from '../src/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity, onlyCommunity, onSparseIndexes } from './server.ts';

// What extensions of this kind have got wrong, or have been asked for. Continuous aggregates have tests of their own.

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = {
  time: p.datetime(6).primary(),
  deviceId: p.integer().primary(),
  seq: p.bigint().nullable(),
  place: p.string().nullable(),
  temp: p.double().nullable(),
};
type Options = Omit<HypertableOptions<keyof typeof properties>, 'by'>;

function reading(options: object = {}, more: object = {}): EntitySchema {
  const Reading = defineEntity({ name: 'Reading', properties, ...more });
  hypertable(Reading, { by: 'time', ...(options as Options) });
  return Reading;
}

async function created(options: object = {}, settings: TimescaleSettings = {}): Promise<MikroORM> {
  const orm = db.orm([reading(options)], settings);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  return orm;
}

async function insertReadings(orm: MikroORM): Promise<void> {
  await orm.em.execute(`
    INSERT INTO reading (time, device_id, temp)
    SELECT timestamptz '2026-01-01' + i * interval '1 day', i % 5, i FROM generate_series(1, 40) AS i`);
}

async function countOf(orm: MikroORM, table = 'reading'): Promise<number> {
  const [row] = await orm.em.execute<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${table}`);
  return row?.n ?? 0;
}

async function jobsOf(orm: MikroORM): Promise<{ id: number; procedure: string }[]> {
  const jobs = await timescale(orm.em).jobs();
  return jobs.filter(({ hypertable }) => hypertable).map(({ id, procedure }) => ({ id, procedure }));
}

test.each<[string, object]>([
  ['an empty definition', {}],
  ['retention: undefined', { retention: undefined }],
  ['retention: false', { retention: false }],
  [
    'everything but a retention',
    onlyCommunity({ columnstore: { after: '7 days' }, reorder: { index: 'reading_pkey' } }),
  ],
])('no retention is there without being asked for: %s', async (_name, options) => {
  const orm = await created(options);
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({ retention: false });
});

test.each<[string, object, string]>([
  ['retention: null', { retention: null }, 'retention'],
  ['dropAfter: null', { retention: { dropAfter: null } }, 'retention.dropAfter'],
  ['dropAfter: undefined', { retention: { dropAfter: undefined } }, 'retention.dropAfter'],
  ['dropAfter: false', { retention: { dropAfter: false } }, 'retention.dropAfter'],
  ['a number of milliseconds', { chunkInterval: 86_400_000 }, 'chunkInterval'],
  ['a duration that is a number with a unit of its own', { chunkInterval: { milliseconds: '600' } }, 'chunkInterval'],
  ['a number as text', { chunkInterval: '604800000' }, 'chunkInterval'],
])('%s is an error, and no policy and no width of its own', (_name, options, option) => {
  const attempt = (): unknown => reading(options);
  expect(attempt).toThrow(InvalidHypertable);
  expect(attempt).toThrow(`hypertable(Reading), ${option}: `);
});

test.each<[object, string]>([
  [{ chunkInterval: '2 weeks' }, '14 days'],
  [{ chunkInterval: { weeks: 2 } }, '14 days'],
  [{ chunkInterval: { milliseconds: 604_800_000 } }, '7 days'],
])('%j is what it says', async (options, interval) => {
  const orm = await created(options);
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({ by: { interval } });
  await insertReadings(orm);
  const [chunk] = await timescale(orm.em).chunks();
  const days = (Number(chunk?.end) - Number(chunk?.start)) / 86_400_000;
  expect(`${days} days`).toBe(interval);
});

test('the schema is honoured by every statement', async () => {
  const orm = db.orm([
    reading(
      {
        chunkInterval: '1 day',
        dimensions: [hash('deviceId', 2)],
        ...onlyCommunity({
          columnstore: { segmentBy: ['deviceId'], after: '7 days' },
          chunkSkipping: ['seq'],
          retention: { dropAfter: '30 years' },
          reorder: { index: 'reading_pkey' },
        }),
      },
      { schema: 'metrics' },
    ),
  ]);
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading', 'metrics')).toMatchObject({
    dimensions: [{ column: 'device_id' }],
    ...onlyCommunity({ chunkSkipping: ['seq'] }),
  });
  expect(await stateInCatalog(orm, 'reading', 'public')).toBeUndefined();
});

const isSetAndTakenAway = '%s is an option that the server has, set and taken away';
test.each<[string, object]>([
  ['chunkInterval', { chunkInterval: '1 day' }],
  ['dimensions', { dimensions: [hash('deviceId', 2)] }],
])(isSetAndTakenAway, setAndTakeAway);
onCommunity.each<[string, object]>([
  ['columnstore', { columnstore: {} }],
  ['segmentBy', { columnstore: { segmentBy: ['deviceId'] } }],
  ['orderBy', { columnstore: { orderBy: { temp: 'desc nulls last' } } }],
  ['after', { columnstore: { after: '7 days', every: '1 day', initialStart: new Date(0), timeZone: 'Asia/Tokyo' } }],
  ['chunkSkipping', { chunkSkipping: ['seq'] }],
  ['retention', { retention: { dropAfter: '30 years', every: '1 day', initialStart: false } }],
  ['reorder', { reorder: { index: 'reading_pkey', every: '1 day' } }],
])(isSetAndTakenAway, setAndTakeAway);
onSparseIndexes.each<[string, object]>([
  ['sparseIndexes', { columnstore: { orderBy: { time: 'asc' }, sparseIndexes: [bloom('place'), minmax('temp')] } }],
])(isSetAndTakenAway, setAndTakeAway);

async function setAndTakeAway(name: string, options: object): Promise<void> {
  const orm = await created(options);
  await insertReadings(orm);
  for (const { id } of await jobsOf(orm)) await orm.em.execute(`CALL run_job(${id})`);
  if ('columnstore' in options) await orm.em.execute(`SELECT compress_chunk(c, true) FROM show_chunks('reading') AS c`);
  expect(await countOf(orm)).toBe(40);
  const off = await created({ columnstore: false, chunkSkipping: false, retention: false, reorder: false });
  expect(await stateInCatalog(off, 'reading')).toMatchObject({
    columnstore: false,
    chunkSkipping: false,
    retention: false,
    reorder: false,
    ...(name === 'dimensions' && { dimensions: [{ column: 'device_id' }] }),
  });
  expect(await countOf(off)).toBe(40);
}

test('an undo drops no chunk of any hypertable', async () => {
  const Other = defineEntity({ name: 'Other', properties });
  hypertable(Other, { by: 'time' });
  const first = db.orm([reading(), Other]);
  await first.schema.create();
  await insertReadings(first);
  await first.em.execute('INSERT INTO other SELECT * FROM reading');
  const options = {
    chunkInterval: '1 day',
    ...onlyCommunity({
      columnstore: { segmentBy: ['deviceId'], after: '7 days' },
      chunkSkipping: ['seq'],
      retention: { dropAfter: '30 years' },
      reorder: { index: 'reading_pkey' },
    }),
  };
  const Third = defineEntity({ name: 'Third', properties });
  hypertable(Third, { by: 'time' });
  const orm = db.orm([reading(options), Other, Third], { allowDestructive: true });
  const chunks = await timescale(orm.em).chunks();
  const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  await orm.schema.execute(up);
  await orm.schema.execute(down);
  expect(await timescale(first.em).chunks()).toEqual(chunks);
  expect([await countOf(first), await countOf(first, 'other')]).toEqual([40, 40]);
});

test('a definition that goes leaves the hypertable, and an entity that goes takes it along', async () => {
  await created({ chunkInterval: '1 day' });
  const Plain = defineEntity({ name: 'Reading', properties });
  const undeclared = db.orm([Plain]);
  expect(await pending(undeclared)).toBe('');
  expect(await stateInCatalog(undeclared, 'reading')).toMatchObject({ by: { interval: '1 day' } });
  const without = db.orm([]);
  await without.schema.update();
  expect(await stateInCatalog(without, 'reading')).toBeUndefined();
});

test('generated migrations keep the index that TimescaleDB makes on the time, and are empty after the first', async () => {
  const folder = await db.folder();
  const Noted = defineEntity({ name: 'Reading', properties: { ...properties, note: p.string().nullable() } });
  hypertable(Noted, { by: 'time' });
  const migrations = { path: folder, pathTs: folder, emit: 'js', snapshot: false, silent: true } as const;
  const orm = db.orm([Noted], {}, { migrations });
  await orm.em.execute(`
    CREATE TABLE reading (
      time timestamptz(6), device_id int, seq bigint, place varchar(255), temp float8, PRIMARY KEY (time, device_id)
    )`);
  await orm.em.execute(`SELECT create_hypertable('reading', by_range('time'))`);
  const indexes = `SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'reading' ORDER BY 1`;
  const before = await orm.em.execute(indexes);
  expect(before).toEqual([{ name: 'reading_pkey' }, { name: 'reading_time_idx' }]);
  const { diff } = await orm.migrator.create();
  expect(diff.up.join('; ')).toMatch(/^alter table "reading" add "note" [^;]*;$/);
  await orm.migrator.up();
  expect(await orm.em.execute(indexes)).toEqual(before);
  expect((await orm.migrator.create()).diff.up).toEqual([]);
});

onCommunity('a policy that changes keeps its job', async () => {
  const of = (days: number): object => ({
    columnstore: { after: { days }, every: { days } },
    retention: { dropAfter: { years: 20 + days }, every: { days } },
    reorder: { index: 'reading_pkey', every: { days } },
  });
  const before = await jobsOf(await created(of(1)));
  expect(before).toHaveLength(3);
  expect(await jobsOf(await created(of(2)))).toEqual(before);
});

test('a key that lacks the time is an error where it is written', () => {
  const Reading = defineEntity({ name: 'Reading', properties: { id: p.integer().primary(), time: p.datetime() } });
  expect(() => hypertable(Reading, { by: 'time' })).toThrow(
    'hypertable(Reading), by: the primary key (id) lacks "time". Add "time" to it, or take it away',
  );
});

test('a schema per tenant has a hypertable per tenant, each with all it is to have', async () => {
  const options = {
    chunkInterval: '1 day',
    ...onlyCommunity({ chunkSkipping: ['seq'], retention: { dropAfter: '30 years', every: '2 days' } }),
  };
  const orm = db.orm([reading(options, { schema: '*' })]);
  for (const schema of ['tenant one', `tenant's`]) {
    await orm.schema.create({ schema });
    expect(await timescale(orm.em).diff({ schema })).toEqual([]);
    expect(await stateInCatalog(orm, 'reading', schema)).toMatchObject({
      by: { interval: '1 day' },
      ...onlyCommunity({ chunkSkipping: ['seq'], retention: { schedule: { every: '2 days' } } }),
    });
  }
});
