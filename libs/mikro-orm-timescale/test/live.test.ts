import type { MikroORM } from '@mikro-orm/postgresql';
import { defineEntity, p } from '@mikro-orm/postgresql';
import { hypertable, SchemaDrift, timescale } from '../src/index.ts';
import { TestDatabase } from './database.ts';
import { onCommunity, onlyCommunity, server, serverUrl } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const Reading = defineEntity({
  name: 'Reading',
  schema: 'metrics',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
});
hypertable(Reading, {
  by: 'time',
  chunkInterval: '1 day',
  ...onlyCommunity({ columnstore: { segmentBy: ['deviceId' as const], after: '7 days' as const } }),
  retention: false,
});

async function created(): Promise<MikroORM> {
  const orm = db.orm([Reading]);
  await orm.schema.create();
  return orm;
}

test('the chunks of an entity, with their times and where they are', async () => {
  const orm = await created();
  await orm.em.execute(`INSERT INTO metrics.reading VALUES ('2026-01-01 12:00Z', 1), ('2026-01-03 12:00Z', 1)`);
  const isCommunity = server.edition === 'community';
  if (isCommunity) await timescale(orm.em).compress(Reading, { olderThan: new Date('2026-01-02Z') });
  const chunks = await timescale(orm.em).chunks(Reading);
  expect(chunks).toMatchObject([
    { start: new Date('2026-01-01Z'), end: new Date('2026-01-02Z'), compressed: isCommunity },
    { start: new Date('2026-01-03Z'), end: new Date('2026-01-04Z'), compressed: false },
  ]);
  expect(chunks[0]?.hypertable).toEqual({ schema: 'metrics', name: 'reading' });
  expect(await timescale(orm.em).chunks()).toHaveLength(2);
});

test('the chunks of an integer column have numbers', async () => {
  const Log = defineEntity({ name: 'Log', properties: { at: p.integer().primary() } });
  hypertable(Log, { by: 'at', chunkInterval: 1000 });
  const orm = db.orm([Log]);
  await orm.schema.create();
  await orm.em.execute('INSERT INTO log VALUES (1500)');
  expect(await timescale(orm.em).chunks(Log)).toMatchObject([{ start: 1000, end: 2000 }]);
});

onCommunity('the jobs of the database', async () => {
  const orm = await created();
  const jobs = await timescale(orm.em).jobs();
  expect(jobs.filter(({ hypertable }) => hypertable)).toMatchObject([
    {
      procedure: 'policy_compression',
      hypertable: { schema: 'metrics', name: 'reading' },
      every: '12:00:00',
      config: { compress_after: '7 days' },
      scheduled: true,
    },
  ]);
});

test('a check passes until somebody changes something by hand', async () => {
  const orm = await created();
  await timescale(orm.em).check();
  await orm.em.execute(`SELECT set_chunk_time_interval('metrics.reading', interval '2 days')`);
  const fault = await timescale(orm.em)
    .check()
    .catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(SchemaDrift);
  expect((fault as SchemaDrift).steps).toMatchObject([{ hypertable: 'metrics.reading', safety: 'futureChunksOnly' }]);
});

test('what the server can do', async () => {
  const orm = await created();
  const { version, ...rest } = await timescale(orm.em).capabilities();
  expect(version).toMatch(/^2\./);
  expect(rest).toEqual({
    edition: server.edition,
    available: true,
    schema: 'public',
    toolkit: undefined,
    // None comes into the kit's databases, and the embedded server has none at all.
    backgroundWorkers: { running: false, max: serverUrl === undefined ? undefined : (expect.any(Number) as unknown) },
  });
});

test('without the extension it says which line is missing', () => {
  const orm = db.orm([Reading], {}, { extensions: [] });
  expect(() => timescale(orm.em).diff()).toThrow('extensions: [Timescale]');
});

test('an extension in another schema than the settings say is told of', async () => {
  const orm = db.orm([Reading], { extensionSchema: 'elsewhere' });
  await expect(orm.schema.create()).rejects.toThrow(`use Timescale.with({ extensionSchema: 'public' })`);
});
