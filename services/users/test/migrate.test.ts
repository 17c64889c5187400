import { createHash, createHmac, pbkdf2Sync, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { CreateUserRequest, UsersServiceService } from '@tidemark/contracts/users';
import { rpcClient, StartupError, type Logger } from '@tidemark/grpc-kit';
import { migrateAlone, type MigrationStep } from '@tidemark/grpc-kit/postgres';
import { emptyDatabase, silentLog, testServerUrl, until, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { dryRun, migrate } from '../src/db/migrate.ts';
import { migrations } from '../src/db/migrations/index.ts';
import { create, type Service } from '../src/service.ts';
import { configFor, errorOf, freshDatabase } from './running-users.ts';

// What several connections do at once cannot be seen on the embedded database.
const onRealServer = testServerUrl ? test : test.skip;
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: tests of locks and of several at once are skipped.');

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function empty(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  closing.push(() => database.stop());
  return database;
}

async function fresh(): Promise<TestDatabase> {
  const database = await freshDatabase();
  closing.push(() => database.stop());
  return database;
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'the test' });
  await client.connect();
  closing.push(() => client.end());
  return client;
}

/** Gathers what is logged, with the lines of all levels in one list. */
function listeningLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = silentLog('users');
  for (const level of ['info', 'warn'] as const) {
    const write: (...args: unknown[]) => void = log[level].bind(log);
    log[level] = (...args: unknown[]) => {
      lines.push(String(args.at(-1)));
      write(...args);
    };
  }
  return { log, lines };
}

describe('the password of SERVICE_PASSWORD_FILE', () => {
  // The same in every test: on one server the role is one for all databases.
  const servicePassword = 'correct horse';

  test('is what the role logs in with from then on, at each migration', async () => {
    const { url } = await empty();
    const sql = await connect(url);
    const role = async () => {
      const { rows } = await sql.query<{ login: boolean; verifier: string }>(
        `SELECT rolcanlogin AS login, rolpassword AS verifier FROM pg_authid WHERE rolname = 'tidemark_users'`,
      );
      return rows[0] ?? { login: false, verifier: '' };
    };
    const { log, lines } = listeningLog();
    await migrate(url, { servicePassword }, log);
    expect(lines).toContain('set the password of tidemark_users');
    const first = await role();
    expect(first.login).toBe(true);
    expect(accepts(first.verifier, servicePassword)).toBe(true);
    expect(accepts(first.verifier, 'correct hors')).toBe(false);

    expect(await migrate(url, { servicePassword })).toEqual([]);
    const second = await role();
    expect(second.verifier).not.toBe(first.verifier);
    expect(accepts(second.verifier, servicePassword)).toBe(true);
  });

  /** As the server works it out (RFC 5802), from what it keeps. */
  function accepts(verifier: string, password: string): boolean {
    const [, iterations = '', salt = '', stored] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(verifier) ?? [];
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    return createHash('sha256').update(clientKey).digest('base64') === stored;
  }

  async function serviceAsRole(url: string): Promise<Service> {
    await migrate(url, { servicePassword });
    const login = new URL(url);
    login.username = 'tidemark_users';
    login.password = encodeURIComponent(servicePassword);
    // A purge would wait for the lock on users as well, and nobody's deadline ends it.
    const config = { ...configFor(login.href), purgeAfter: undefined };
    const service = await create(config, { log: silentLog('users') });
    closing.push(() => service.stop());
    return service;
  }

  test('lets the service run as the role itself', async () => {
    const { url } = await fresh();
    const { port } = await serviceAsRole(url);
    const users = rpcClient(UsersServiceService, `127.0.0.1:${port}`);
    closing.push(() => {
      users.close();
    });
    const request = CreateUserRequest.fromPartial({ user: { username: 'Ada', email: 'ada@example.org' } });
    expect((await users.createUser(request)).user).toMatchObject({ username: 'Ada' });
  });

  onRealServer('lets a service that runs so cancel its statements', async () => {
    // Kysely tells the console what became of a statement that it cancelled.
    const spy = import.meta.jest.spyOn(console, 'error').mockReturnValue(undefined);
    const { url } = await fresh();
    const { port } = await serviceAsRole(url);
    const users = rpcClient(UsersServiceService, `127.0.0.1:${port}`);
    closing.push(() => {
      users.close();
    });
    const [sql, looking] = [await connect(url), await connect(url)];
    await sql.query('BEGIN; LOCK TABLE users.users');
    const active = async (condition = 'true') =>
      (
        await looking.query(
          `SELECT FROM pg_stat_activity
           WHERE datname = current_database() AND usename = 'tidemark_users' AND state = 'active' AND ${condition}`,
        )
      ).rowCount;
    const caller = new AbortController();
    const call = errorOf(users.getUser({ id: randomUUID() }, { signal: caller.signal }));
    // A cancellation that came before the statement has begun would be lost.
    await until('the statement waits', async () => (await active(`wait_event_type = 'Lock'`)) === 1);
    caller.abort();
    expect((await call).code).toBe(status.CANCELLED);
    await until('no statement of the role runs', async () => (await active()) === 0);
    spy.mockRestore();
  });

  test('is in no dry run, whose script runs all the same', async () => {
    const { url } = await empty();
    const script = await dryRun(url, { servicePassword });
    expect(script).not.toMatch(/correct horse|SCRAM/);
    const sql = await connect(url);
    await sql.query(withoutCommandsOfPsql(script));
    await sql.end();
    expect(await migrate(url)).toEqual([]);
  });
});

function withoutCommandsOfPsql(script: string): string {
  return script.replaceAll(/^\\.*$/gm, '');
}

test('a dry run prints what a run then executes, and changes nothing', async () => {
  const { url } = await empty();
  const script = await dryRun(url, {});
  expect(await dryRun(url, {})).toBe(script);
  const executed = import.meta.jest.spyOn(Client.prototype, 'query');
  await migrate(url);
  const statements: string[] = executed.mock.calls.map(([text]) => text);
  executed.mockRestore();
  const written = statements.filter((text) => !/^\s*(SELECT|select)\b/.test(text));
  const compact = (text: string): string => text.replaceAll(/(;|\s)+/g, ' ').trim();
  const printed = script.replaceAll(/^(--|\\|SELECT pg_advisory_lock).*$/gm, '');
  expect(compact(printed)).toBe(compact(written.join(';\n')));
  expect(await dryRun(url, {})).toBe('-- Nothing to do: the schema is up to date.\n');
});

test('a dry run takes no more than the right to read', async () => {
  const { url } = await fresh();
  const sql = await connect(url);
  await sql.query(
    `DELETE FROM users.migrations; DROP ROLE IF EXISTS users_reader; CREATE ROLE users_reader LOGIN PASSWORD 'reader'`,
  );
  closing.push(() => sql.query('DROP OWNED BY users_reader; DROP ROLE users_reader'));
  const reader = new URL(url);
  reader.username = 'users_reader';
  reader.password = 'reader';
  await expect(dryRun(reader.href, {})).rejects.toMatchObject({ constructor: StartupError });
  await sql.query('GRANT USAGE ON SCHEMA users TO users_reader; GRANT SELECT ON users.migrations TO users_reader');
  expect(await dryRun(reader.href, {})).toContain(`VALUES ('0001-create-users')`);
});

test('a schema that is ahead is fine, and one that is behind is refused with the name of what is missing', async () => {
  const { url } = await fresh();
  const sql = await connect(url);
  const start = () => create(configFor(url), { log: silentLog('users') });
  await sql.query(`INSERT INTO users.migrations (name) VALUES ('9999-of-the-next-version')`);
  await (await start()).stop();
  await sql.query(`DELETE FROM users.migrations WHERE name = '0001-create-users'`);
  await expect(start()).rejects.toThrow(/^The users schema lacks "0001-create-users": run `npx nx run users:migrate`/);
  await sql.query('DROP SCHEMA users CASCADE');
  await expect(start()).rejects.toThrow(/^The database holds no users schema: run `npx nx run users:migrate`/);
});

test('the log of the start says which PostgreSQL it is', async () => {
  const { url } = await fresh();
  const { log, lines } = listeningLog();
  const service = await create(configFor(url), { log });
  await service.stop();
  expect(lines[0]).toMatch(/^on PostgreSQL \d+\.\d+$/);
});

describe('migrations that start at once', () => {
  test('take turns, and one of them does the work', async () => {
    const { url } = await empty();
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(url)));
    expect(applied.flat()).toEqual(migrations.map(({ name }) => name));
  });

  onRealServer('in several databases of one server clash neither over the role nor over its password', async () => {
    const databases = await Promise.all([1, 2, 3, 4].map(() => empty()));
    const role = `tidemark_race_${process.pid}`;
    const makeRole: MigrationStep = {
      name: 'a role',
      statements: [
        `DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
        `ALTER ROLE ${role} LOGIN`,
        `SELECT pg_sleep(0.02)`,
        `GRANT ${role} TO current_user`,
      ],
      told: [],
    };
    const { log, lines } = listeningLog();
    const url = databases[0]?.url ?? '';
    const [sql, changing] = [await connect(url), await connect(url)];
    await sql.query(`CREATE ROLE ${role}`);
    // All of them wait for this change of the role, and meet there.
    await changing.query(`BEGIN; ALTER ROLE ${role} LOGIN`);
    const migrating = Promise.all(
      databases.map(({ url }) =>
        migrateAlone({ connection: { connectionString: url }, lock: 1, regime: patient, log }, async ({ take }) => {
          for (let round = 0; round < 5; round += 1) await take(makeRole);
        }),
      ),
    );
    const waiting = async () =>
      (await sql.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '${role}'`)).rowCount;
    await until('some of them wait', async () => Number(await waiting()) > 1);
    await changing.query('COMMIT');
    await migrating;
    await sql.query(`DROP ROLE ${role}`);
    expect(lines.filter((line) => line.includes('another session changed the same'))).not.toEqual([]);
    await Promise.all(databases.map(({ url }) => migrate(url, { servicePassword: 'correct horse' })));
  });

  onRealServer('say whom they wait for, and give up in the end', async () => {
    const { url } = await empty();
    const other = await connect(url);
    await other.query('SELECT pg_advisory_lock(7204051992)');
    const hasty = { regime: { lockTimeoutMs: 100, waitMs: 600 } };
    await expect(migrate(url, hasty)).rejects.toMatchObject({
      constructor: StartupError,
      message: expect.stringMatching(/^Another one is migrating, .* process \d+ \("the test", idle\)[^\n]*$/) as string,
    });
    const { log, lines } = listeningLog();
    const waiting = migrate(url, {}, log);
    await until('it says whom it waits for', () => lines.length > 0);
    await setTimeout(500);
    expect(lines).toEqual([expect.stringMatching(/^another one is migrating: waiting for process \d+ \("the test"/)]);
    await other.query('SELECT pg_advisory_unlock(7204051992)');
    expect(await waiting).toEqual(migrations.map(({ name }) => name));
  });
});

// Long enough to see, on a busy machine, who is waited for.
const patient = { lockTimeoutMs: 2_000, waitMs: 60_000 };

describe('a migration that waits for a lock', () => {
  const step: MigrationStep = {
    name: '0002-add-column',
    statements: ['ALTER TABLE users.users ADD COLUMN IF NOT EXISTS more text'],
    told: ['migrated 0002-add-column'],
  };

  onRealServer('lets others pass again and again, says who holds the lock, and is done once it has it', async () => {
    const { url } = await fresh();
    const reader = await connect(url);
    await reader.query('BEGIN; SELECT count(*) FROM users.users');
    const { log, lines } = listeningLog();
    const connection = { connectionString: url };
    const migrating = migrateAlone({ connection, lock: 1, regime: patient, log }, ({ take }) => take(step));

    const writer = await connect(url);
    let longest = 0;
    await until('the migration has tried twice', async () => {
      const began = performance.now();
      await writer.query('UPDATE users.users SET bio = bio');
      longest = Math.max(longest, performance.now() - began);
      return lines.length > 1;
    });
    // Behind the waiting ALTER TABLE, and on a busy machine: far less than the migration goes on trying.
    expect(longest).toBeLessThan(20_000);
    for (const line of lines) {
      expect(line).toMatch(
        /^0002-add-column: it did not get a lock, because of process \d+ \("the test", idle in tran/,
      );
    }
    await reader.query('COMMIT');
    expect(await migrating).toBe(true);
    expect(lines.at(-1)).toBe('migrated 0002-add-column');
  });

  onRealServer('gives up after a while, names the session that is in the way, and leaves nothing behind', async () => {
    const { url } = await fresh();
    const reader = await connect(url);
    await reader.query('BEGIN; SELECT count(*) FROM users.users');
    const regime = { lockTimeoutMs: 1_000, waitMs: 4_000 };
    const options = { connection: { connectionString: url }, lock: 1, regime, log: silentLog('users') };
    await expect(migrateAlone(options, ({ take }) => take(step))).rejects.toMatchObject({
      constructor: StartupError,
      message: expect.stringMatching(
        /^0002-add-column did not get its locks within 4000 ms .* process \d+ \("the test", idle in transaction for \d+ s\)[^\n]*$/,
      ) as string,
    });
    const { rows } = await reader.query(`SELECT FROM pg_attribute WHERE attname = 'more'`);
    expect(rows).toEqual([]);
  });
});

test('the role has no right to what is not its own', async () => {
  const { url } = await fresh();
  const sql = await connect(url);
  await sql.query('CREATE SCHEMA events; CREATE TABLE events.events (id int); SET ROLE tidemark_users');
  for (const statement of ['SELECT FROM events.events', 'INSERT INTO events.events VALUES (1)']) {
    await expect(sql.query(statement)).rejects.toMatchObject({ code: '42501' });
  }
});
