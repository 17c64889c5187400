import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import {
  DestructiveChange,
  hypertable,
  timescale,
  type HypertableOptions,
  type TimescaleSettings,
} from '../src/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const table = `Weather's Log`;
const properties = { time: p.datetime(6).primary().name('At'), deviceId: p.integer().primary() };
type Options = Omit<HypertableOptions<keyof typeof properties>, 'by'>;

function reading(options: Options, schema = 'My Metrics'): EntitySchema {
  const Reading = defineEntity({ name: 'Reading', schema, tableName: table, properties });
  hypertable(Reading, { by: 'time', ...options });
  return Reading;
}

/** An ORM of other options on the table that `first` made. */
async function changed(first: Options, then: Options, settings: TimescaleSettings = {}): Promise<MikroORM> {
  await db.orm([reading(first)]).schema.create();
  return db.orm([reading(then)], settings);
}

async function jobIds(orm: MikroORM): Promise<number[]> {
  const jobs = await timescale(orm.em).jobs();
  return jobs.filter(({ hypertable }) => hypertable).map(({ id }) => id);
}

const stored = (orm: MikroORM): ReturnType<typeof stateInCatalog> => stateInCatalog(orm, table, 'My Metrics');

onCommunity('it takes the steps of diff() and answers them; after that there are none', async () => {
  const orm = await changed(
    { chunkInterval: '1 day', retention: { dropAfter: '1 year' } },
    { chunkInterval: '6 hours', retention: { dropAfter: '2 years' } },
  );
  const before = await jobIds(orm);
  const steps = await timescale(orm.em).diff();
  expect(steps.map(({ safety }) => safety)).toEqual(['futureChunksOnly', 'safe']);
  expect(await timescale(orm.em).apply()).toEqual(steps);
  expect(await stored(orm)).toMatchObject({ by: { interval: '6 hours' }, retention: { dropAfter: '24 months' } });
  expect(await jobIds(orm)).toEqual(before);
  expect(await timescale(orm.em).apply()).toEqual([]);
});

onCommunity('a policy that was changed says its time as one that was added does', async () => {
  const orm = await changed({ retention: { dropAfter: '1 year' } }, { retention: { dropAfter: '18 months' } });
  await timescale(orm.em).apply();
  const [job] = (await timescale(orm.em).jobs()).filter(({ hypertable }) => hypertable);
  expect(job?.config['drop_after']).toBe('1 year 6 mons');
});

onCommunity(
  'a step that loses rows takes the opt-in; without it nothing is done, or with safe all the others',
  async () => {
    const longer: Options = { chunkInterval: '1 day', retention: { dropAfter: '2 years' } };
    const shorter: Options = { chunkInterval: '6 hours', retention: { dropAfter: '1 year' } };
    const orm = await changed(longer, shorter);
    await expect(timescale(orm.em).apply()).rejects.toThrow(DestructiveChange);
    expect(await stored(orm)).toMatchObject({ by: { interval: '1 day' } });

    expect(await timescale(orm.em).apply({ safe: true })).toMatchObject([{ safety: 'futureChunksOnly' }]);
    expect(await stored(orm)).toMatchObject({ by: { interval: '6 hours' }, retention: { dropAfter: '24 months' } });

    const allowed = db.orm([reading(shorter)], { allowDestructive: true });
    expect(await timescale(allowed.em).apply()).toMatchObject([{ safety: 'destructive' }]);
    expect(await stored(orm)).toMatchObject({ retention: { dropAfter: '12 months' } });
  },
);

test('what MikroORM itself would change stays as it is', async () => {
  await db
    .orm([reading({}), defineEntity({ name: 'Gone', properties: { id: p.integer().primary() } })])
    .schema.create();
  const Wider = defineEntity({
    name: 'Reading',
    schema: 'My Metrics',
    tableName: table,
    properties: { ...properties, temp: p.double().nullable() },
  });
  hypertable(Wider, { by: 'time', chunkInterval: '6 hours' });
  const orm = db.orm([Wider]);
  expect(await timescale(orm.em).apply()).toMatchObject([{ safety: 'futureChunksOnly' }]);
  expect(await orm.em.execute(`SELECT to_regclass('gone') IS NOT NULL AS there`)).toEqual([{ there: true }]);
  expect(await pending(orm)).toMatch(/drop table.*gone[^]*add "temp"/);
});

test('an ordinary table becomes a hypertable and keeps its rows', async () => {
  const Plain = defineEntity({ name: 'Reading', schema: 'My Metrics', tableName: table, properties });
  const plain = db.orm([Plain]);
  await plain.schema.create();
  await plain.em.execute(`INSERT INTO "My Metrics"."${table}" VALUES ('2026-01-01', 1)`);
  const orm = db.orm([reading({ chunkInterval: '1 day' })]);
  expect(await timescale(orm.em).apply()).toContainEqual(expect.objectContaining({ safety: 'rewrite' }));
  expect(await stored(orm)).toMatchObject({ by: { column: 'At', interval: '1 day' } });
  expect(await orm.em.execute(`SELECT device_id FROM "My Metrics"."${table}"`)).toEqual([{ device_id: 1 }]);
});

test('a table that is not there is an error that says what makes it', async () => {
  const orm = db.orm([reading({})]);
  await expect(timescale(orm.em).apply()).rejects.toThrow(`My Metrics.${table}: there is no such table.`);
});

onCommunity('of several steps all are taken or none', async () => {
  const orm = await changed({ chunkInterval: '1 day' }, { chunkInterval: '6 hours', columnstore: {} });
  await orm.em.execute(`ALTER TABLE "My Metrics"."${table}" ENABLE ROW LEVEL SECURITY`);
  expect((await timescale(orm.em).diff())[0]).toMatchObject({ safety: 'futureChunksOnly' });
  await expect(timescale(orm.em).apply()).rejects.toThrow('row security');
  expect(await stored(orm)).toMatchObject({ by: { interval: '1 day' }, columnstore: false });
});

test('a schema per tenant: the one that is named, and no other', async () => {
  for (const schema of ['tenant_1', 'tenant_2']) {
    await db.orm([reading({ chunkInterval: '1 day' }, '*')]).schema.create({ schema });
  }
  const orm = db.orm([reading({ chunkInterval: '6 hours' }, '*')]);
  expect(await timescale(orm.em).apply({ schema: 'tenant_1' })).toHaveLength(1);
  expect(await stateInCatalog(orm, table, 'tenant_1')).toMatchObject({ by: { interval: '6 hours' } });
  expect(await stateInCatalog(orm, table, 'tenant_2')).toMatchObject({ by: { interval: '1 day' } });
});
