import { StartupError } from '@tidemark/grpc-kit';
import { emptyDatabase, testEdition, testServerUrl, until, type TestDatabase } from '@tidemark/testing';
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { dryRun } from '../src/db/dry-run.ts';
import type { HypertableSettings } from '../src/db/hypertable-settings.ts';
import { migrate } from '../src/db/migrate.ts';
import { migrations } from '../src/db/migrations/index.ts';
import { create } from '../src/service.ts';
import { startEntry } from './entry.ts';
import { eventsDatabase, log } from './harness.ts';
import { schemaOf } from './schema-of.ts';

const onRealServer = testServerUrl ? test : test.skip;
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: tests that take a real server are skipped.');
const edition = await testEdition();
const settings = { chunkInterval: '1 day', retention: '3 months', columnstoreAfter: '7 days' } as const;

const closing: (() => unknown)[] = [];
let whole: string[];
beforeAll(async () => {
  const database = await eventsDatabase();
  whole = await schemaOf(database.url);
  await database.stop();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function empty(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  closing.push(() => database.stop());
  return database;
}

async function fresh(): Promise<TestDatabase> {
  const database = await eventsDatabase();
  closing.push(() => database.stop());
  return database;
}

async function sql(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<pg.QueryResultRow>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('a dry run', () => {
  type Case = [what: string, database: () => Promise<TestDatabase>, wanted: HypertableSettings];
  const ofCommunity: Case[] = [
    ['a database with a later columnstore', fresh, { ...settings, columnstoreAfter: '2 weeks' }],
    ['a database that shall convert no chunks', fresh, { ...settings, columnstoreAfter: false }],
  ];
  const ofAll: Case[] = [
    ['an empty database', empty, settings],
    ['a database with other settings', fresh, { chunkInterval: '6 hours', retention: '2 years' }],
    ['a database whose events shall be kept for ever', fresh, { ...settings, retention: undefined }],
  ];

  test('of an empty database prints a script that makes the whole schema, and changes nothing', async () => {
    const { url } = await empty();
    const script = await dryRun(url, settings, log);
    expect(await sql(url, `SELECT FROM pg_namespace WHERE nspname = 'events'`)).toEqual([]);
    expect(await dryRun(url, settings, log)).toBe(script);
    await sql(url, script.replaceAll(/^\\.*$/gm, ''));
    expect(await schemaOf(url)).toEqual(whole);
    expect(await dryRun(url, settings, log)).toBe('-- Nothing to do: the schema is up to date.\n');
  });

  test.each([...ofAll, ...(edition === 'community' ? ofCommunity : [])])(
    'prints what a run then executes: %s',
    async (_, database, wanted) => {
      const { url } = await database();
      const script = await dryRun(url, wanted, log);
      const executed = import.meta.jest.spyOn(pg.Client.prototype, 'query');
      await migrate(url, wanted, log);
      const { calls, contexts } = executed.mock;
      const writer: unknown = contexts[calls.findIndex(([text]) => (text as unknown) === 'BEGIN')];
      const statements: string[] = calls.filter((_, index) => contexts[index] === writer).map(([text]) => text);
      executed.mockRestore();
      const compact = (text: string): string => text.replaceAll(/(;|\s)+/g, ' ').trim();
      const printed = compact(script.replaceAll(/^(--|\\|SELECT pg_advisory_lock).*$/gm, ''));
      expect(printed).not.toBe('');
      expect(compact(inTransactions(statements).join(';\n'))).toBe(printed);
    },
  );

  test('is a command whose standard output is the script, whatever the log says', async () => {
    const { url } = await fresh();
    const env = { DATABASE_URL: url, EVENTS_RETENTION: '40 days', LOG_LEVEL: 'trace' };
    const { exit, output } = startEntry('migrate', env, ['--dry-run']);
    expect(await exit).toBe(0);
    const lines = (await output).split('\n');
    expect(lines.slice(0, 2)).toEqual(['\\set ON_ERROR_STOP on', 'SELECT pg_advisory_lock(7204051991);']);
    // Of the events, and of what tells their corrected times.
    expect(lines.filter((line) => line.includes("'40 days"))).toHaveLength(2);
  });

  test('takes no arguments but that one', async () => {
    const { exit, errors } = startEntry('migrate', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, ['--dry']);
    expect(await exit).toBe(1);
    expect(await errors).toMatch(/^The arguments "--dry" are not known. Usage: [^\n]*\n$/);
  });

  test('takes no more than the rights of the service', async () => {
    const { url } = await fresh();
    const reader = `reader_${process.pid}`;
    await sql(
      url,
      `DELETE FROM events.migrations WHERE name = '0004-drop-old-chunks';
       CREATE ROLE ${reader} LOGIN PASSWORD '${reader}' IN ROLE tidemark_events`,
    );
    const service = new URL(url);
    service.username = service.password = reader;
    const script = await dryRun(service.href, { ...settings, chunkInterval: '6 hours' }, log);
    expect(script).toContain('CREATE FUNCTION events.drop_oldest_chunk()');
    expect(script).toContain('set_chunk_time_interval');
    expect(script).not.toContain('0003');
    await sql(url, `DROP ROLE ${reader}`);
  });
});

/**
 * What was written: all else is read outside of transactions, but for the look whether a migration is there already. A
 * transaction that clashed over a role with one in another database of the server is rolled back and tried again.
 */
function inTransactions(statements: readonly string[]): string[] {
  const written: string[] = [];
  let open: string[] | undefined;
  for (const text of statements) {
    if (text === 'BEGIN') open = [];
    if (!text.startsWith('SELECT FROM')) open?.push(text);
    if (text === 'COMMIT') written.push(...(open ?? []));
    if (text === 'COMMIT' || text === 'ROLLBACK') open = undefined;
  }
  return written;
}

describe('a migration that is killed', () => {
  /**
   * Where so many migrations are applied, a statement that changes the schema takes so long that what ends the next one
   * comes in the middle of it.
   */
  async function slowDatabase(applied: number, seconds: number): Promise<string> {
    const { url } = await empty();
    await sql(
      url,
      `CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public;
       CREATE FUNCTION public.dawdle() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
         IF to_regclass('events.migrations') IS NOT NULL THEN
           PERFORM pg_sleep(${seconds}) WHERE (SELECT count(*) FROM events.migrations) = ${applied};
         END IF;
       END $$;
       CREATE EVENT TRIGGER dawdle ON ddl_command_end EXECUTE FUNCTION public.dawdle()`,
    );
    return url;
  }

  async function completeBy(url: string): Promise<void> {
    await sql(url, 'DROP EVENT TRIGGER dawdle');
    const { exit, errors } = startEntry('migrate', { DATABASE_URL: url });
    expect({ exit: await exit, errors: await errors }).toEqual({ exit: 0, errors: '' });
    expect(await schemaOf(url)).toEqual(whole);
  }

  test.each([
    ...migrations.map(({ name }, index) => [name, index] as const),
    ['settings of the hypertables', migrations.length] as const,
  ])('in the middle of %s is completed by the next one', async (name, applied) => {
    const url = await slowDatabase(applied, 3);
    const { child, exit, line } = startEntry('migrate', { DATABASE_URL: url, LOG_LEVEL: 'debug' });
    await line(`begins ${name}`);
    child.kill('SIGKILL');
    await exit;
    expect(await sql(url, 'SELECT FROM events.migrations')).toHaveLength(applied);
    await completeBy(url);
  });

  onRealServer('by a lost connection says so, and is completed by the next one', async () => {
    const url = await slowDatabase(0, 600);
    const { exit, errors } = startEntry('migrate', { DATABASE_URL: url });
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'tidemark-events-migrate' AND wait_event = 'PgSleep'`;
    await until('a connection is cut', async () => (await sql(url, cut)).length > 0);
    expect(await exit).toBe(1);
    expect(await errors).toBe('The database cannot be reached: check DATABASE_URL and that it runs.\n');
    await completeBy(url);
  });
});

test('several that start at once take turns, also with a password', async () => {
  const { url } = await empty();
  await Promise.all([1, 2, 3].map(() => migrate(url, { ...settings, servicePassword: 'correct horse' }, log)));
  expect(await schemaOf(url)).toEqual(whole);
});

onRealServer('several databases of one server are migrated at once', async () => {
  const databases = await Promise.all([1, 2, 3].map(() => empty()));
  const withPassword = { ...settings, servicePassword: 'correct horse' };
  await Promise.all(databases.map(({ url }) => migrate(url, withPassword, log)));
  for (const { url } of databases) expect(await schemaOf(url)).toEqual(whole);
});

onRealServer('settings wait for locks no longer than others can wait behind them', async () => {
  const { url } = await fresh();
  const reader = new pg.Client({ connectionString: url, application_name: 'the test' });
  await reader.connect();
  closing.push(() => reader.end());
  await reader.query('BEGIN; LOCK TABLE _timescaledb_catalog.dimension IN SHARE MODE');
  const changed = { ...settings, chunkInterval: '6 hours' } as const;
  // Each attempt lasts long enough for a look at who is in the way.
  const hasty = { ...changed, regime: { lockTimeoutMs: 1_500, waitMs: 5_000 } };
  await expect(migrate(url, hasty, log)).rejects.toMatchObject({
    constructor: StartupError,
    message: expect.stringMatching(
      /^settings of the hypertables did not get its locks .* process \d+ \("the test", idle in transaction [^\n]*$/,
    ) as string,
  });
  await reader.query('COMMIT');
  await migrate(url, changed, log);
  expect(await dryRun(url, changed, log)).toBe('-- Nothing to do: the schema is up to date.\n');
});

describe('the service', () => {
  const start = (url: string) => create({ ...readConfig({ DATABASE_URL: url }), port: 0 }, { log });

  test('runs on a schema that is ahead, and refuses one that is behind with the name of what is missing', async () => {
    const { url } = await fresh();
    await sql(url, `INSERT INTO events.migrations (name) VALUES ('9999-of-the-next-version')`);
    await (await start(url)).stop();
    await sql(url, `DELETE FROM events.migrations WHERE name = '0004-drop-old-chunks'`);
    await expect(start(url)).rejects.toMatchObject({
      constructor: StartupError,
      message: expect.stringMatching(
        /^The schema .* lacks "0004-drop-old-chunks": run "npx nx run events:migrate"/,
      ) as string,
    });
  });

  test('runs as its role, logged in with its password', async () => {
    const { url } = await fresh();
    await migrate(url, { ...settings, servicePassword: 'correct horse' }, log);
    const login = new URL(url);
    login.username = 'tidemark_events';
    login.password = 'correct%20horse';
    await (await start(login.href)).stop();
  });

  test('says in one line of the log what it runs on', async () => {
    const { url } = await fresh();
    const info = import.meta.jest.spyOn(log, 'info').mockReturnValue(undefined);
    await (await start(url)).stop();
    const [line] = info.mock.calls.map((call) => call.at(-1));
    info.mockRestore();
    expect(line).toMatch(
      edition === 'apache'
        ? /^TimescaleDB 2\.\d+\.\d+, Apache edition, on PostgreSQL \d+\.\d+: events are kept for 3 mons, by a job of this/
        : /^TimescaleDB 2\.\d+\.\S+, community edition, on PostgreSQL \d+\.\d+: events are kept for 3 mons, by a policy/,
    );
  });

  test('refuses a database that has lost TimescaleDB', async () => {
    const { url } = await fresh();
    await sql(url, 'DROP EXTENSION timescaledb CASCADE');
    await expect(start(url)).rejects.toMatchObject({
      constructor: StartupError,
      message: expect.stringMatching(/^The database has the schema .* and no TimescaleDB: [^\n]*$/) as string,
    });
  });

  onRealServer(
    'refuses a version of TimescaleDB that the server has no library for, as the migration does',
    async () => {
      const { url } = await fresh();
      await sql(url, `UPDATE pg_extension SET extversion = '2.18.0' WHERE extname = 'timescaledb'`);
      const refusal = {
        constructor: StartupError,
        message: expect.stringMatching(
          /^The database has a version of TimescaleDB .*timescaledb-2.18.0.* UPDATE" /,
        ) as string,
      };
      await expect(start(url)).rejects.toMatchObject(refusal);
      await expect(migrate(url, settings, log)).rejects.toMatchObject(refusal);
    },
  );
});

test('nobody else has a right to what is in the schema', async () => {
  const { url } = await fresh();
  // Another test can create it at the same moment.
  await sql(
    url,
    `DO $$ BEGIN CREATE ROLE tidemark_users; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
  );
  for (const statement of ['SELECT FROM events.events', 'SELECT events.drop_oldest_chunk()']) {
    await expect(sql(url, `SET ROLE tidemark_users; ${statement}`)).rejects.toMatchObject({ code: '42501' });
  }
});
