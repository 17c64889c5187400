import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Migration } from '@mikro-orm/migrations';
import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import {
  avg,
  continuousAggregate,
  DestructiveChange,
  hypertable,
  max,
  timescale,
  type ContinuousAggregateOptions,
  type HypertableOptions,
  type TimescaleSettings,
} from '../src/index.ts';
import { aggregatesInCatalog, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity, onlyCommunity, server } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const isCommunity = server.edition === 'community';

const properties = { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double().nullable() };
type Options = Omit<HypertableOptions<keyof typeof properties>, 'by'>;

function readingEntity(options: Options, more: { schema?: string } = {}) {
  const Reading = defineEntity({ name: 'Reading', properties, ...more });
  hypertable(Reading, { by: 'time', ...options });
  return Reading;
}

function reading(options: Options, more: { schema?: string } = {}): EntitySchema {
  return readingEntity(options, more);
}

type Settings = Pick<ContinuousAggregateOptions, 'realtime' | 'refresh'>;

/** The readings and an aggregate of them. */
function hourly(settings: Settings, kind: 'avg' | 'max' = 'avg', more: { schema?: string } = {}): EntitySchema[] {
  const Reading = readingEntity({}, more);
  const Hourly = continuousAggregate('Hourly', Reading, {
    bucket: ['1 hour', 'time'],
    groupBy: ['deviceId'],
    select: { temp: kind === 'avg' ? avg('temp') : max('temp') },
    ...settings,
  });
  return [Reading, Hourly];
}

interface Project {
  /** Default: true. */
  snapshot?: boolean;
  includeWildcardSchema?: boolean;
  settings?: TimescaleSettings;
}

function project(folder: string, entities: EntitySchema[], options: Project = {}): MikroORM {
  const { snapshot = true, includeWildcardSchema = false, settings = {} } = options;
  return db.orm(entities, settings, {
    migrations: { path: folder, pathTs: folder, emit: 'js', snapshot, includeWildcardSchema, silent: true },
  });
}

// Migrations of one second need names to differ.
let made = 0;
async function createMigration(orm: MikroORM): Promise<{ up: string[]; down: string[] }> {
  const { diff } = await orm.migrator.create(undefined, false, false, `step${String(made++).padStart(3, '0')}`);
  return diff;
}

const rows = `SELECT timestamptz '2026-01-01' + i * interval '6 hours', i % 5, i FROM generate_series(1, 200) AS i`;
const insert = `INSERT INTO reading (time, device_id, temp) ${rows}`;
const count = 'SELECT count(*)::int AS n FROM reading';

describe.each([
  ['with a snapshot', true],
  ['against the database', false],
])('migrations made %s', (_name, snapshot) => {
  test('create, change and take back a hypertable, and an unchanged model gives an empty one every time', async () => {
    const folder = await db.folder();
    const first = project(
      folder,
      [
        reading({
          chunkInterval: '1 day',
          ...onlyCommunity({ columnstore: { segmentBy: ['deviceId'], after: '7 days' } } as const),
        }),
      ],
      { snapshot },
    );
    await createMigration(first);
    await first.migrator.up();
    for (let time = 0; time < 3; time++) expect((await createMigration(first)).up).toEqual([]);
    expect(await first.migrator.checkSchema()).toBe(false);
    expect(await timescale(first.em).diff()).toEqual([]);
    await first.em.execute(insert);
    if (isCommunity) await first.em.execute(`SELECT compress_chunk(chunk) FROM show_chunks('reading') AS chunk`);
    const before = await stateInCatalog(first, 'reading');

    const changed = project(
      folder,
      [
        reading({
          chunkInterval: '2 days',
          ...onlyCommunity({ columnstore: { segmentBy: [], after: '14 days' } } as const),
        }),
      ],
      { snapshot },
    );
    await createMigration(changed);
    await changed.migrator.up();
    for (let time = 0; time < 3; time++) expect((await createMigration(changed)).up).toEqual([]);
    expect(await timescale(changed.em).diff()).toEqual([]);
    expect(await changed.em.execute(count)).toEqual([{ n: 200 }]);

    await changed.migrator.down();
    expect(await stateInCatalog(changed, 'reading')).toEqual(before);
    expect(await changed.em.execute(count)).toEqual([{ n: 200 }]);
  });

  test('a down does not drop a hypertable that holds rows', async () => {
    const orm = project(await db.folder(), [reading({})], { snapshot });
    await createMigration(orm);
    await orm.migrator.up();
    await orm.em.execute(insert);
    await expect(orm.migrator.down()).rejects.toThrow('"public"."reading" holds rows and is not dropped');
    expect(await orm.em.execute(count)).toEqual([{ n: 200 }]);
    await orm.em.execute('TRUNCATE reading');
    await orm.migrator.down();
    expect(await stateInCatalog(orm, 'reading')).toBeUndefined();
  });

  test('an entity that goes takes its hypertable along, and a down brings it back with all it had', async () => {
    const folder = await db.folder();
    const first = project(
      folder,
      [
        reading({
          chunkInterval: '1 day',
          ...onlyCommunity({ columnstore: { orderBy: { time: 'asc' } }, retention: { dropAfter: '1 year' } } as const),
        }),
      ],
      { snapshot },
    );
    await createMigration(first);
    await first.migrator.up();
    const before = await stateInCatalog(first, 'reading');
    const gone = project(folder, [], { snapshot });
    await createMigration(gone);
    await gone.migrator.up();
    expect(await stateInCatalog(gone, 'reading')).toBeUndefined();
    await gone.migrator.down();
    expect(await stateInCatalog(gone, 'reading')).toEqual(before);
  });

  onCommunity('create, change and take back a continuous aggregate, and keep its buckets', async () => {
    const folder = await db.folder();
    const settings = { allowDestructive: true };
    const before = { start: '3 days', end: '1 hour', every: '1 hour' } as const;
    const first = project(folder, hourly({ refresh: before }), { snapshot });
    await createMigration(first);
    await first.migrator.up();
    for (let time = 0; time < 3; time++) expect((await createMigration(first)).up).toEqual([]);
    expect(await first.migrator.checkSchema()).toBe(false);
    expect(await timescale(first.em).diff()).toEqual([]);
    await first.em.execute(insert);
    await first.em.execute(`CALL refresh_continuous_aggregate('hourly', NULL, NULL)`);
    const was = await aggregatesInCatalog(first);

    const changed = project(folder, hourly({ refresh: { ...before, start: '5 days' }, realtime: true }), { snapshot });
    await createMigration(changed);
    await changed.migrator.up();
    for (let time = 0; time < 3; time++) expect((await createMigration(changed)).up).toEqual([]);
    expect(await timescale(changed.em).diff()).toEqual([]);
    expect(await aggregatesInCatalog(changed)).toMatchObject([{ realtime: true, refresh: { start: '5 days' } }]);
    await changed.migrator.down();
    expect(await aggregatesInCatalog(changed)).toMatchObject([{ refresh: { start: '3 days' } }]);
    expect(await changed.em.execute('SELECT count(*)::int AS n FROM hourly')).toEqual([{ n: 200 }]);

    const entities = hourly({}, 'max');
    await expect(createMigration(project(folder, entities, { snapshot }))).rejects.toThrow(DestructiveChange);
    const other = project(folder, entities, { snapshot, settings });
    await createMigration(other);
    await other.migrator.up();
    expect(await timescale(other.em).diff()).toEqual([]);
    await other.migrator.down();
    expect((await aggregatesInCatalog(other))[0]?.query).toEqual(was[0]?.query);
  });

  onCommunity('an aggregate stays what it is after its table has changed, gone back and changed again', async () => {
    const folder = await db.folder();
    const models = (more: boolean): EntitySchema[] => {
      const Reading = defineEntity({
        name: 'Reading',
        properties: { ...properties, ...(more && { place: p.string().nullable() }) },
      });
      hypertable(Reading, { by: 'time' });
      const Hourly = continuousAggregate('Hourly', Reading, { bucket: ['1 hour', 'time'], select: { t: avg('temp') } });
      return [Reading, Hourly];
    };
    const before = project(folder, models(false), { snapshot });
    await createMigration(before);
    await before.migrator.up();
    const orm = project(folder, models(true), { snapshot });
    await createMigration(orm);
    await orm.migrator.up();
    await orm.migrator.down();
    await orm.migrator.up();
    expect((await createMigration(orm)).up).toEqual([]);
    expect(await timescale(orm.em).diff()).toEqual([]);
  });

  onCommunity('a down does not drop an aggregate that holds buckets', async () => {
    const folder = await db.folder();
    const first = project(folder, [reading({})], { snapshot });
    await createMigration(first);
    await first.migrator.up();
    const orm = project(folder, hourly({}), { snapshot });
    await createMigration(orm);
    await orm.migrator.up();
    await orm.em.execute(insert);
    await orm.em.execute(`CALL refresh_continuous_aggregate('hourly', NULL, NULL)`);
    await expect(orm.migrator.down()).rejects.toThrow('"public"."hourly" holds buckets and is not dropped');
    await orm.em.execute('TRUNCATE reading');
    await orm.em.execute(`CALL refresh_continuous_aggregate('hourly', NULL, NULL)`);
    await orm.migrator.down();
    expect(await aggregatesInCatalog(orm)).toEqual([]);
  });

  onCommunity('an aggregate that shall not be there is dropped once, and its down brings it back', async () => {
    const folder = await db.folder();
    const first = project(folder, hourly({ realtime: true }), { snapshot });
    await createMigration(first);
    await first.migrator.up();
    const was = await aggregatesInCatalog(first);
    const Reading = readingEntity({});
    continuousAggregate('Hourly', Reading, false);
    const gone = project(folder, [Reading], { snapshot, settings: { allowDestructive: true } });
    await createMigration(gone);
    await gone.migrator.up();
    expect(await aggregatesInCatalog(gone)).toEqual([]);
    expect((await createMigration(gone)).up).toEqual([]);
    await gone.migrator.down();
    expect(await aggregatesInCatalog(gone)).toEqual(was);
  });

  onCommunity('a longer retention is not shortened by its down', async () => {
    const folder = await db.folder();
    const first = project(folder, [reading({ retention: { dropAfter: '1 year' } })], { snapshot });
    await createMigration(first);
    await first.migrator.up();
    const longer = project(folder, [reading({ retention: { dropAfter: '2 years' } })], { snapshot });
    await createMigration(longer);
    await longer.migrator.up();
    await longer.migrator.down();
    expect(await stateInCatalog(longer, 'reading')).toMatchObject({ retention: { dropAfter: '24 months' } });
  });
});

onCommunity('a migration that would lose rows is not written without the opt-in', async () => {
  const folder = await db.folder();
  const first = project(folder, [reading({ retention: { dropAfter: '2 years' } })]);
  await createMigration(first);
  await first.migrator.up();
  const files = await readdir(folder);
  const shorter = [reading({ retention: { dropAfter: '1 year' } })];
  await expect(createMigration(project(folder, shorter))).rejects.toThrow('Timescale.with({ allowDestructive: true })');
  expect(await readdir(folder)).toEqual(files);
  const allowed = project(folder, shorter, { settings: { allowDestructive: true } });
  await createMigration(allowed);
  await allowed.migrator.up();
  expect(await stateInCatalog(allowed, 'reading')).toMatchObject({ retention: { dropAfter: '12 months' } });
  await allowed.migrator.down();
  expect(await stateInCatalog(allowed, 'reading')).toMatchObject({ retention: { dropAfter: '24 months' } });
});

test('every statement stands on one line of the migration, and the snapshot names the state', async () => {
  const folder = await db.folder();
  const orm = project(folder, [
    reading({ chunkInterval: '1 day', ...onlyCommunity({ columnstore: { after: '7 days' } } as const) }),
  ]);
  const { up, down } = await createMigration(orm);
  expect([...up, ...down].filter((statement) => statement.includes('\n'))).toEqual([]);
  const snapshot = (await readdir(folder)).find((name) => name.endsWith('.json')) ?? '';
  const json = JSON.parse(await readFile(join(folder, snapshot), 'utf8')) as { tables: { columns: object }[] };
  expect(json.tables[0]?.columns).toMatchObject({
    time: {
      hypertable: {
        by: { column: 'time', interval: '1 day' },
        ...onlyCommunity({ columnstore: { after: '7 days' } }),
      },
    },
  });
});

test('an initial migration is the whole of it', async () => {
  const options: Options = {
    chunkInterval: '1 day',
    ...onlyCommunity({ retention: { dropAfter: '1 year' } } as const),
  };
  const orm = project(await db.folder(), [reading(options)]);
  await orm.migrator.createInitial();
  await orm.migrator.up();
  expect(await timescale(orm.em).diff()).toEqual([]);
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({
    by: { interval: '1 day' },
    ...onlyCommunity({ retention: { dropAfter: '12 months' } }),
  });
  expect((await createMigration(orm)).up).toEqual([]);
});

onCommunity(
  'a snapshot knows nothing of options that were not managed, and the migration works whatever is there',
  async () => {
    const folder = await db.folder();
    const first = project(folder, [reading({})]);
    await createMigration(first);
    await first.migrator.up();
    await first.em.execute(`SELECT add_retention_policy('reading', interval '1 year')`);
    await first.em.execute(`ALTER TABLE reading SET (timescaledb.enable_columnstore = true)`);
    const managed = project(
      folder,
      [reading({ retention: { dropAfter: '2 years' }, columnstore: { segmentBy: ['deviceId'], after: '7 days' } })],
      { settings: { allowDestructive: true } },
    );
    await createMigration(managed);
    await managed.migrator.up();
    expect(await timescale(managed.em).diff()).toEqual([]);
    expect(await stateInCatalog(managed, 'reading')).toMatchObject({
      retention: { dropAfter: '24 months' },
      columnstore: { segmentBy: ['device_id'], after: '7 days' },
    });
    const removed = project(folder, [reading({ retention: false, columnstore: false })]);
    await createMigration(removed);
    await removed.migrator.up();
    expect(await timescale(removed.em).diff()).toEqual([]);
    expect(await stateInCatalog(removed, 'reading')).toMatchObject({ retention: false, columnstore: false });
  },
);

test('a migration for any schema makes and changes the hypertable in the schema it is run for', async () => {
  const options: Options = {
    chunkInterval: '1 day',
    ...onlyCommunity({ columnstore: { after: '7 days' }, retention: { dropAfter: '1 year' } } as const),
  };
  const folder = await db.folder();
  // MikroORM's snapshots leave tables of any schema out: the model is compared with the default schema instead.
  const wildcard = { includeWildcardSchema: true, snapshot: false };
  const orm = project(folder, [reading(options, { schema: '*' })], wildcard);
  await createMigration(orm);
  const [first] = await orm.migrator.up();
  expect((await createMigration(orm)).up).toEqual([]);
  const longer: Options = { ...options, chunkInterval: '3 days' };
  const changed = project(folder, [reading(longer, { schema: '*' })], wildcard);
  await createMigration(changed);
  for (const schema of ['tenant_1', 'tenant_2']) await orm.em.execute(`CREATE SCHEMA "${schema}"`);
  await changed.migrator.up({ schema: 'tenant_1', to: first?.name ?? '' });
  await changed.migrator.up({ schema: 'tenant_2' });
  expect(await timescale(orm.em).diff({ schema: 'tenant_1' })).toEqual([]);
  expect(await timescale(changed.em).diff({ schema: 'tenant_2' })).toEqual([]);
  expect(await stateInCatalog(changed, 'reading', 'tenant_1')).toMatchObject({ by: { interval: '1 day' } });
  expect(await stateInCatalog(changed, 'reading', 'tenant_2')).toMatchObject({ by: { interval: '3 days' } });
  expect(await stateInCatalog(changed, 'reading')).toMatchObject({ by: { interval: '1 day' } });
});

onCommunity('a migration for any schema makes and changes the aggregate in the schema it is run for', async () => {
  const folder = await db.folder();
  const wildcard = { includeWildcardSchema: true, snapshot: false };
  const anywhere = { schema: '*' };
  const orm = project(folder, hourly({ realtime: true }, 'avg', anywhere), wildcard);
  await createMigration(orm);
  const [first] = await orm.migrator.up();
  expect((await createMigration(orm)).up).toEqual([]);
  const changed = project(folder, hourly({ realtime: false }, 'avg', anywhere), wildcard);
  await createMigration(changed);
  for (const schema of ['tenant_1', 'tenant_2']) await orm.em.execute(`CREATE SCHEMA "${schema}"`);
  await changed.migrator.up({ schema: 'tenant_1', to: first?.name ?? '' });
  await changed.migrator.up({ schema: 'tenant_2' });
  expect(await timescale(orm.em).diff({ schema: 'tenant_1' })).toEqual([]);
  expect(await timescale(changed.em).diff({ schema: 'tenant_2' })).toEqual([]);
  expect((await aggregatesInCatalog(orm)).map(({ realtime }) => realtime)).toEqual([true, true, false]);
});

onCommunity('a refresh in a migration runs outside of its transaction', async () => {
  class RefreshHourly extends Migration {
    override isTransactional(): boolean {
      return false;
    }
    override up(): void {
      this.addSql(`call "public".refresh_continuous_aggregate('"public"."hourly"', null, null)`);
    }
  }
  const orm = db.orm(
    hourly({}),
    {},
    {
      migrations: {
        migrationsList: [{ name: 'refresh', class: RefreshHourly }],
        allOrNothing: false,
        snapshot: false,
        silent: true,
      },
    },
  );
  await orm.schema.create();
  await orm.em.execute(insert);
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM hourly')).toEqual([{ n: 0 }]);
  await orm.migrator.up();
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM hourly')).toEqual([{ n: 200 }]);
});
