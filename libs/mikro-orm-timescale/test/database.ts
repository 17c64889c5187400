import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM, type EntitySchema, type Options } from '@mikro-orm/postgresql';
import { start } from '@tidemark/dev-db';
import { Client } from 'pg';
import { readAggregates } from '../src/catalog/read-aggregates.ts';
import { readHypertables } from '../src/catalog/read-hypertables.ts';
import { Timescale, type TimescaleSettings } from '../src/index.ts';
import type { AggregateState } from '../src/state/aggregate-state.ts';
import type { HypertableState } from '../src/state/hypertable-state.ts';
import { digestOf, testDatabase as fromKit, type TestDatabase as KitDatabase } from '../src/testing/index.ts';
import { server, serverUrl } from './server.ts';

const devDb = fileURLToPath(new URL('../../dev-db/src', import.meta.url));
const cacheDir = fileURLToPath(new URL('../../../node_modules/.cache/mikro-orm-timescale', import.meta.url));

/**
 * A database with the extension and nothing else, by the library's own kit: on the server of TEST_DATABASE_URL, or an
 * embedded one. It is copied three times as fast as it is made.
 */
export function testDatabase(): Promise<KitDatabase> {
  if (serverUrl !== undefined) {
    return fromKit({ server: serverUrl, key: `only TimescaleDB ${server.version}`, migrate: createExtension });
  }
  return fromKit({
    server: (from) => start({ ...from, jobIntervalMs: false }),
    key: digestOf(devDb),
    migrate: () => Promise.resolve(),
    cacheDir,
  });
}

/** Without the extension; on a server only. */
export function emptyDatabase(): Promise<KitDatabase> {
  if (serverUrl === undefined)
    throw new Error('TEST_DATABASE_URL is not set, and the embedded database is never empty.');
  return fromKit({ server: serverUrl, key: 'nothing', migrate: () => Promise.resolve() });
}

/** One into which TimescaleDB's background workers come, as into any of an application; on a server only. */
export async function plainDatabase(): Promise<Pick<KitDatabase, 'url' | 'drop'>> {
  const name = `mot_plain_${process.pid}_${Date.now()}`;
  const admin = new Client(serverUrl);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  return {
    url: urlOf(name),
    drop: async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`).finally(() => admin.end());
    },
  };
}

function urlOf(database: string): string {
  const url = new URL(serverUrl ?? '');
  url.pathname = `/${database}`;
  return url.href;
}

async function createExtension(url: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  await client.query('CREATE EXTENSION timescaledb').finally(() => client.end());
}

/** One database for a test file, and as many ORMs on it as the tests want. */
export class TestDatabase {
  readonly #orms: MikroORM[] = [];
  readonly #folders: string[] = [];
  #db: Pick<KitDatabase, 'url' | 'drop'> | undefined;

  async start(make: () => Promise<Pick<KitDatabase, 'url' | 'drop'>> = testDatabase): Promise<void> {
    this.#db = await make();
  }

  async stop(): Promise<void> {
    await this.forgetOrms();
    await this.#db?.drop();
    for (const folder of this.#folders.splice(0)) await rm(folder, { recursive: true });
  }

  get url(): string {
    if (!this.#db) throw new Error('Not started.');
    return this.#db.url;
  }

  orm(entities: EntitySchema[], settings: TimescaleSettings = {}, options: Options = {}): MikroORM {
    const orm = new MikroORM({
      entities,
      clientUrl: this.url,
      extensions: [Timescale.with(settings), Migrator],
      discovery: { warnWhenNoEntities: false },
      pool: { min: 0, max: 2 },
      logger: () => undefined,
      ...options,
    });
    this.#orms.push(orm);
    return orm;
  }

  /** An empty folder for migrations, away at the end. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'mikro-orm-timescale-'));
    this.#folders.push(folder);
    // A migration imports MikroORM from where it lies.
    await symlink(join(import.meta.dirname, '../../../node_modules'), join(folder, 'node_modules'));
    return folder;
  }

  /** Drops what the tests made, in whatever schema. */
  async empty(): Promise<void> {
    const orm = this.#orms[0] ?? this.orm([]);
    await this.#dropAggregates(orm);
    const schemas = await orm.em.execute<{ name: string }[]>(`
      SELECT nspname AS name FROM pg_namespace
      WHERE nspname !~ '^(pg_|_?timescaledb|information_schema|public$)'`);
    for (const { name } of schemas) await orm.em.execute(`DROP SCHEMA "${name}" CASCADE`);
    const tables = await orm.em.execute<{ name: string }[]>(`
      SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`);
    for (const { name } of tables) await orm.em.execute(`DROP TABLE "${name}" CASCADE`);
    await this.forgetOrms();
  }

  /** The newest first: a table or a schema does not take along an aggregate that another stands on (2.23). */
  async #dropAggregates(orm: MikroORM): Promise<void> {
    const [found] = await orm.em.execute<{ there: boolean }[]>(
      `SELECT to_regclass('_timescaledb_catalog.continuous_agg') IS NOT NULL AS there`,
    );
    if (!found?.there) return;
    const aggregates = await orm.em.execute<{ view: string }[]>(`
      SELECT format('%I.%I', user_view_schema, user_view_name) AS view FROM _timescaledb_catalog.continuous_agg
      ORDER BY mat_hypertable_id DESC`);
    for (const { view } of aggregates) await orm.em.execute(`DROP MATERIALIZED VIEW ${view} CASCADE`);
  }

  async forgetOrms(): Promise<void> {
    for (const orm of this.#orms.splice(0)) await orm.close(true);
  }
}

/** What the catalog says about a hypertable; undefined where there is none of that name. */
export async function stateInCatalog(
  orm: MikroORM,
  table: string,
  schema = 'public',
): Promise<HypertableState | undefined> {
  const all = await readHypertables(orm.em.getDriver().getConnection());
  return all.find((each) => each.table === table && each.schema === schema)?.state;
}

/** The aggregates that the catalog has, each after those that it reads. */
export async function aggregatesInCatalog(orm: MikroORM): Promise<AggregateState[]> {
  const found = await readAggregates(orm.em.getDriver().getConnection());
  return found.map(({ state }) => state);
}

/** The statements that `schema.update()` would run; nothing where the database is as the model says. */
export async function pending(orm: MikroORM): Promise<string> {
  return (await orm.schema.getUpdateSchemaSQL({ wrap: false })).trim();
}
