import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { hash, hypertable, MissingFeature, minmax, range, timescale, type HypertableOptions } from '../src/index.ts';
import { runPolicies } from '../src/testing/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { hasVersion, onlyCommunity, server, testIf } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = {
  id: p.uuid().primary(),
  deviceId: p.integer().primary(),
  temp: p.double().nullable(),
};
type Options = Omit<HypertableOptions<keyof typeof properties>, 'by'>;

function reading(options: Options): EntitySchema {
  const Reading = defineEntity({ name: 'Reading', properties });
  hypertable(Reading, { by: 'id', ...options });
  return Reading;
}

async function apply(options: Options): Promise<MikroORM> {
  const orm = db.orm([reading(options)]);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await timescale(orm.em).diff()).toEqual([]);
  return orm;
}

/** Before 2.22 there is no such hypertable, and before 2.25 the jobs of its policies fail at every run. */
const hasUuid = hasVersion('2.22');
const isCommunity = server.edition === 'community';
const onUuid = testIf(hasUuid);
const onPolicies = testIf(isCommunity && hasVersion('2.25'));
const withoutPolicies = testIf(isCommunity && hasUuid && !hasVersion('2.25'));

/** A UUID of version 7 of that time. */
function uuidAt(time: string): string {
  const millis = new Date(time).getTime().toString(16).padStart(12, '0');
  return `${millis.slice(0, 8)}-${millis.slice(8)}-7000-8000-000000000000`;
}

async function insert(orm: MikroORM, ...times: string[]): Promise<void> {
  for (const time of times) await orm.em.execute('INSERT INTO reading VALUES (?, 1, 20)', [uuidAt(time)]);
}

onUuid('a uuid partitions by its time, which the chunks tell', async () => {
  const orm = await apply({ chunkInterval: '1 day' });
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({ by: { column: 'id', interval: '1 day', uuid: true } });
  await insert(orm, '2026-01-01T12:00Z', '2026-01-03T12:00Z');
  expect(await timescale(orm.em).chunks()).toMatchObject([
    { start: new Date('2026-01-01Z'), end: new Date('2026-01-02Z') },
    { start: new Date('2026-01-03Z'), end: new Date('2026-01-04Z') },
  ]);
});

onUuid(
  'the chunk interval changes for chunks to come, and a uuid of another version is refused by the server',
  async () => {
    await apply({});
    const orm = await apply({ chunkInterval: '12 hours' });
    expect(await stateInCatalog(orm, 'reading')).toMatchObject({ by: { interval: '12 hours' } });
    await insert(orm, '2026-01-01T13:00Z');
    const insertRandom = orm.em.execute(`INSERT INTO reading VALUES ('8f2b7a54-6c1e-4b61-9d43-1c5f0a7e9b3d', 1, 20)`);
    await expect(insertRandom).rejects.toThrow('not a version 7 UUID');
  },
);

onUuid('hash dimensions, the columnstore and reorder work, and an ordinary table becomes one', async () => {
  const Plain = defineEntity({ name: 'Reading', properties });
  const before = db.orm([Plain]);
  await before.schema.create();
  await insert(before, '2026-01-01T12:00Z', '2026-01-03T12:00Z');
  const orm = await apply({
    chunkInterval: '1 day',
    dimensions: [hash('deviceId', 2)],
    ...onlyCommunity({
      columnstore: { segmentBy: ['deviceId'], orderBy: { id: 'desc' }, sparseIndexes: [minmax('temp')] },
      reorder: { index: 'reading_pkey' },
    } satisfies Options),
  });
  if (isCommunity) await orm.em.execute(`SELECT compress_chunk(chunk) FROM show_chunks('reading') AS chunk`);
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM reading WHERE temp > 0')).toEqual([{ n: 2 }]);
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({
    dimensions: [{ kind: 'hash', column: 'device_id', partitions: 2 }],
    ...onlyCommunity({
      columnstore: { orderBy: [{ column: 'id', descending: true }] },
      reorder: { index: 'reading_pkey' },
    }),
  });
});

onUuid('a second dimension can be a uuid as well', async () => {
  const Event = defineEntity({ name: 'Event', properties: { time: p.datetime(6).primary(), id: p.uuid().primary() } });
  hypertable(Event, { by: 'time', dimensions: [range('id', '1 day')] });
  const orm = db.orm([Event]);
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'event')).toMatchObject({
    dimensions: [{ kind: 'range', column: 'id', interval: '1 day' }],
  });
});

withoutPolicies.each<[string, Options]>([
  ['retention by uuid', { retention: { dropAfter: '1 year' } }],
  ['columnstore.after by uuid', { columnstore: { after: '7 days' } }],
])('%s is refused by a server on which its job would fail', async (feature, options) => {
  const orm = db.orm([reading(options)]);
  await expect(orm.schema.create()).rejects.toThrow(MissingFeature);
  await expect(orm.schema.create()).rejects.toThrow(`public.reading: ${feature} needs TimescaleDB 2.25 or later`);
});

withoutPolicies('or is left out, and the rest is done', async () => {
  const orm = db.orm(
    [
      reading({
        chunkInterval: '1 day',
        columnstore: { after: '7 days', every: '1 day' },
        retention: { dropAfter: '1 year' },
      }),
    ],
    {
      onMissing: 'skip',
    },
  );
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading')).toEqual({
    by: { column: 'id', interval: '1 day', uuid: true },
    dimensions: [],
    columnstore: { after: false },
    chunkSkipping: false,
    retention: false,
    reorder: false,
  });
});

onPolicies('policies on a uuid are there, and do what they say', async () => {
  const orm = await apply({
    chunkInterval: '1 day',
    columnstore: { segmentBy: ['deviceId'], orderBy: { id: 'desc' }, after: '7 days' },
    retention: { dropAfter: '1 year' },
  });
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({
    columnstore: { after: '7 days' },
    retention: { dropAfter: '12 months' },
  });
  await insert(orm, '2040-01-01T12:00Z', '2040-12-20T12:00Z', '2041-01-02T12:00Z');
  const ran = await runPolicies(orm.em, { now: new Date('2041-01-05Z') });
  expect(ran.map(({ procedure }) => procedure)).toEqual(['policy_compression', 'policy_retention']);
  expect(await timescale(orm.em).chunks()).toMatchObject([
    { start: new Date('2040-12-20Z'), compressed: true },
    { start: new Date('2041-01-02Z'), compressed: false },
  ]);
  const [job] = (await timescale(orm.em).jobs()).filter(({ procedure }) => procedure === 'policy_retention');
  await timescale(orm.em).runJob(job?.id ?? 0);
});

testIf(!hasUuid)('a hypertable by uuid is refused by a server that has none', async () => {
  const orm = db.orm([reading({})]);
  await expect(orm.schema.create()).rejects.toThrow(
    'public.reading: a hypertable by uuid needs TimescaleDB 2.22 or later, and the server has 2.',
  );
});
