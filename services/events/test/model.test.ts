import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM, type EntitySchema, type MigrationObject, type Options } from '@mikro-orm/postgresql';
import { Timescale, timescale } from '@tidemark/mikro-orm-timescale';
import { testEdition, type TestDatabase } from '@tidemark/testing';
import { createMigration, generatedMark } from '../src/db/create-migration.ts';
import { entities } from '../src/db/entities.ts';
import type { HypertableSettings } from '../src/db/hypertable-settings.ts';
import { managedOn } from '../src/db/migration-steps.ts';
import { migrations } from '../src/db/migrations/index.ts';
import { eventsDatabase } from './harness.ts';

const source = join(import.meta.dirname, '../src');
const ownMigrations = join(source, 'db/migrations');
const files = async (): Promise<string[]> => (await readdir(ownMigrations)).filter((name) => /^\d/.test(name));

const edition = await testEdition();
/** What of a deployment's wishes the model holds on this edition. */
const modelOf = (settings: HypertableSettings): EntitySchema[] => entities(managedOn(edition, settings));
let database: TestDatabase;
const orms: MikroORM[] = [];

beforeAll(async () => (database = await eventsDatabase()));
afterAll(async () => {
  for (const orm of orms) await orm.close(true);
  await database.stop();
});

function ormOf(model: EntitySchema[], options: Options['migrations'] = {}): MikroORM {
  const orm = new MikroORM({
    clientUrl: database.url,
    entities: model,
    extensions: [Timescale, Migrator],
    // Functions are made by migrations by hand.
    schemaGenerator: { ignoreRoutines: true },
    migrations: { tableName: 'events.migrations', snapshot: false, silent: true, ...options },
  });
  orms.push(orm);
  return orm;
}

test.each([
  ['as the migrations leave it', entities()],
  ['as configured', modelOf({ chunkInterval: '1 day', retention: '3 months', columnstoreAfter: '7 days' })],
])('the migrations make what the model says, %s', async (_, model) => {
  const orm = ormOf(model);
  expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
  expect(await timescale(orm.em).diff()).toEqual([]);
});

test('what a deployment chooses is in no migration', async () => {
  const snapshot = JSON.parse(await readFile(join(ownMigrations, '.snapshot.json'), 'utf8')) as Snapshot;
  const hypertable = snapshot.tables.filter(({ name }) => name === 'events');
  expect(hypertable).toHaveLength(1);
  expect(JSON.stringify(hypertable)).not.toMatch(/interval|retention|columnstore/);
});

interface Snapshot {
  tables: { name: string }[];
}

test('the migrations that are there are those that are listed, numbered from 1', async () => {
  expect((await files()).sort()).toEqual(migrations.map(({ name }) => `${name}.ts`));
  expect(migrations.map(({ name }) => Number(name.slice(0, 4)))).toEqual(migrations.map((_, index) => index + 1));
});

test('only what was made from the model knows the statements of hypertables', async () => {
  const byHand = [];
  for (const name of await readdir(source, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const text = await readFile(join(source, name), 'utf8');
    if (!text.startsWith(generatedMark) && statements.test(text)) byHand.push(name);
  }
  expect(byHand).toEqual([]);
});

const statements =
  /create_hypertable|set_chunk_time_interval|add_dimension|set_number_partitions|(add|remove)_\w+_policy|alter_job/i;

describe('creating a migration', () => {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  /** A folder for migrations, with those that are there. */
  async function copyOfMigrations(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-migrations-'));
    folders.push(folder);
    await cp(ownMigrations, folder, { recursive: true });
    // A migration imports MikroORM from where it lies.
    await symlink(join(import.meta.dirname, '../../../node_modules'), join(folder, 'node_modules'));
    return folder;
  }

  test('there is none where the model has not changed', async () => {
    const folder = await copyOfMigrations();
    const before = await readdir(folder);
    expect(await createMigration('add-nothing', folder, entities())).toBeUndefined();
    expect(await readdir(folder)).toEqual(before);
  });

  test('a changed model gives one with the next number, which brings a migrated database there', async () => {
    const folder = await copyOfMigrations();
    const model = entities({ chunkInterval: '2 days' });
    const file = await createMigration('wider-chunks', folder, model);
    const number = String(migrations.length + 1).padStart(4, '0');
    expect(file).toBe(`${number}-wider-chunks.ts`);
    expect(await createMigration('again', folder, model)).toBeUndefined();

    const made = (await import(join(folder, file ?? ''))) as Record<string, MigrationObject['class']>;
    const added = made['WiderChunks'];
    if (!added) throw new Error(`no class of that name in ${file ?? ''}`);
    const orm = ormOf(model, {
      migrationsList: [...migrations, { name: `${number}-wider-chunks`, class: added }],
    });
    expect(await timescale(orm.em).diff()).not.toEqual([]);
    expect(await orm.migrator.up()).toMatchObject([{ name: `${number}-wider-chunks` }]);
    expect(await timescale(orm.em).diff()).toEqual([]);
  });
});
