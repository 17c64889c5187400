import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { MikroORM } from '@mikro-orm/postgresql';
import { UpdateUserRequest, UsersServiceService } from '@tidemark/contracts/users';
import { rpcClient, StartupError } from '@tidemark/grpc-kit';
import { withConnection } from '@tidemark/grpc-kit/postgres';
import { ownServer, silentLog, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { Database, entities } from '../src/db/database.ts';
import { migrate } from '../src/db/migrate.ts';
import { migrations } from '../src/db/migrations/index.ts';
import { create } from '../src/service.ts';
import {
  configFor,
  errorOf,
  freshDatabase,
  migratedDatabase,
  runUsers,
  userOf,
  type RunningUsers,
} from './running-users.ts';

describe('the role of the service', () => {
  let admin: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    admin = await freshDatabase();
    const sql = new Client(admin.url);
    await sql.connect();
    await sql.query('create schema elsewhere; create table elsewhere.things (id int)');
    await sql.end();
    database = new Database({ url: admin.url, poolSize: 2 });
  });
  afterAll(async () => {
    await database.close();
    await admin.stop();
  });

  test.each([
    'select * from elsewhere.things',
    'create table users.more (id int)',
    'create table public.more (id int)',
    'create schema more',
    'alter table users.users add column more int',
    'drop table users.credentials',
    'truncate users.users',
    'delete from users.users',
    'delete from users.credentials',
    `update users.settings set value = ''`,
    'delete from users.migrations',
    `update users.audit_entries set actor = 'nobody'`,
    'delete from users.audit_entries',
    `update users.user_changes set kind = 'UPDATED'`,
    'insert into users.pruned_changes values (1, 9)',
    'select users.remove_user(gen_random_uuid())',
    'create role more',
  ])('may not: %s', async (statement) => {
    await expect(database.session().execute(statement)).rejects.toMatchObject({ code: '42501' });
  });

  test.each([
    ['commits to the disk', 'synchronous_commit', 'off', 'on'],
    [
      'sees what others committed while it waited',
      'default_transaction_isolation',
      'repeatable read',
      'read committed',
    ],
  ])('%s, though the server is set otherwise', async (_, name, ofServer, ofService) => {
    const alter = (change: string): Promise<unknown> =>
      withConnection({ connectionString: admin.url }, (sql) =>
        sql.query(`alter database ${new Client(admin.url).database} ${change}`),
      );
    await alter(`set ${name} = '${ofServer}'`);
    const fresh = new Database({ url: admin.url, poolSize: 1 });
    expect(await fresh.session().execute(`show ${name}`)).toEqual([{ [name]: ofService }]);
    await fresh.close();
    await alter(`reset ${name}`);
  });

  test('is the one that queries run as', async () => {
    expect(await database.session().execute('select current_user')).toEqual([{ current_user: 'tidemark_users' }]);
  });
});

describe('migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await migratedDatabase()));
  afterAll(() => database.stop());

  test('make what the entities describe', async () => {
    const orm = new MikroORM({
      clientUrl: database.url,
      entities,
      schemaGenerator: {
        ignoreSchema: ['public', 'timescaledb_information', 'timescaledb_experimental'],
        skipTables: ['migrations'],
      },
    });
    // Functions are the migrations' alone; MikroORM would drop what no entity speaks of.
    const statements = (await orm.schema.getUpdateSchemaSQL({ wrap: false })).split('\n');
    expect(statements.filter((statement) => statement !== '' && !statement.startsWith('drop function'))).toEqual([]);
    await orm.close();
  });

  test('applied twice change nothing', async () => {
    expect(await migrate(database.url)).toEqual([]);
  });

  test('that are missing keep the service from starting, and it says what to do', async () => {
    // Roles belong to a whole server.
    const server = await ownServer();
    await migrate(server.url);
    const sql = new Client(server.url);
    await sql.connect();
    const start = () => create(configFor(server.url), { log: silentLog('users') });
    const remedy = {
      constructor: StartupError,
      message: expect.stringMatching(/^The .*: run `npx nx run users:migrate` with [^\n]*$/) as string,
    };

    await sql.query('delete from users.migrations');
    await expect(start()).rejects.toMatchObject(remedy);
    await sql.query('drop schema users cascade');
    await expect(start()).rejects.toMatchObject(remedy);
    await sql.query('drop owned by tidemark_users; drop role tidemark_users');
    await expect(start()).rejects.toMatchObject(remedy);
    await sql.end();

    expect(await migrate(server.url)).toEqual(migrations.map(({ name }) => name));
    const service = await start();
    await Promise.all([service.stop(), service.stop()]);
    await server.stop();
  });

  test('that this login may not read keep the service from starting, and it says what to do', async () => {
    const sql = new Client(database.url);
    await sql.connect();
    await sql.query(`create role stranger login password 'stranger'`);
    const url = new URL(database.url);
    url.username = url.password = 'stranger';
    const start = create(configFor(url.href), { log: silentLog('users') });
    await expect(start).rejects.toMatchObject({
      constructor: StartupError,
      message: expect.stringMatching(/^The users schema cannot be read .*GRANT tidemark_users TO[^\n]*$/) as string,
    });
    await expect(migrate(url.href)).rejects.toMatchObject({
      constructor: StartupError,
      message: expect.stringMatching(/^The migrations were refused: permission denied [^\n]*$/) as string,
    });
    await sql.query('drop role stranger');
    await sql.end();
  });

  test('a database that does not answer is said to be so', async () => {
    const unreachable = create(configFor('postgres://nobody@127.0.0.1:1/none'), { log: silentLog('users') });
    await expect(unreachable).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('a call while the database is away is UNAVAILABLE', async () => {
  const server = await ownServer();
  await migrate(server.url);
  const service = await create(configFor(server.url), { log: silentLog('users') });
  const users = rpcClient(UsersServiceService, `127.0.0.1:${service.port}`);
  await server.stop();
  const error = await errorOf(users.getUser({ id: randomUUID() }));
  expect([error.code, error.reason]).toEqual([status.UNAVAILABLE, 'DATABASE_UNAVAILABLE']);
  users.close();
  await service.stop();
});

describe('a call whose deadline passes', () => {
  let service: RunningUsers;
  beforeAll(async () => (service = await runUsers()));
  afterAll(() => service.stop());

  test('is DEADLINE_EXCEEDED and holds nobody up', async () => {
    // Kysely tells the console what became of a statement that it cancelled.
    const spy = import.meta.jest.spyOn(console, 'error').mockReturnValue(undefined);
    const { id } = await service.make();
    await service.sql.query('begin');
    await service.sql.query('select * from users.users where id = $1 for update', [id]);
    const request = UpdateUserRequest.fromPartial({ user: { id, displayName: 'After' } });
    const late = Array.from({ length: 20 }, () => errorOf(service.users.updateUser(request, { timeoutMs: 300 })));
    const codes = (await Promise.all(late)).map(({ code }) => code);
    expect(codes).toEqual(Array(20).fill(status.DEADLINE_EXCEEDED));
    await service.sql.query('rollback');

    expect(userOf(await service.users.updateUser(request, { timeoutMs: 30_000 })).displayName).toBe('After');
    spy.mockRestore();
  });
});
