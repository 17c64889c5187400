import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { AccountsServiceService, CreateUserRequest, OpenAccountRequest } from '@tidemark/contracts/users';
import { rpcClient } from '@tidemark/grpc-kit';
import { silentLog, testServerUrl, until, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { Database } from '../src/db/database.ts';
import { purgeUsers } from '../src/db/purge-users.ts';
import { keepHouse } from '../src/housekeeping/keep-house.ts';
import { create } from '../src/service.ts';
import { insertAccount } from './account-rows.ts';
import { configFor, errorOf, freshDatabase, runUsers, type RunningUsers } from './running-users.ts';

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one backend.');
const onRealServer = testServerUrl ? test : test.skip;

const day = 86_400_000_000;
let shared: TestDatabase;
let service: RunningUsers;
let database: Database;
let now = 1_800_000_000_000_000;
beforeAll(async () => {
  shared = await freshDatabase();
  // Its housekeeping, which runs soon after the start, leaves those alone whom the tests purge.
  service = await runUsers({ clock: () => now }, { purgeAfter: undefined }, shared);
  database = new Database({ url: shared.url, poolSize: 4 });
});
afterAll(async () => {
  await service.stop();
  await database.close();
  await shared.stop();
});

const purge = (after = '30 days') =>
  purgeUsers(database.session(), { after, now, actor: 'tidemark' }, AbortSignal.any([]));
const remove = (id: string) => service.users.deleteUser({ id, etag: '' });
const isThere = async (id: string) => (await service.users.batchGetUsers({ ids: [id] })).users.length === 1;

test('who was deleted for so long is removed with all that is theirs, and nobody else', async () => {
  const gone = await service.make({}, 'a long password');
  const recent = await service.make();
  const active = await service.make();
  for (const otherId of [recent.id, active.id]) {
    await service.relationships.follow({ userId: gone.id, otherId });
    await service.relationships.follow({ userId: otherId, otherId: gone.id });
  }
  await insertAccount(service.sql, gone.id, 'CLOSED');
  await service.sql.query('delete from users.outbox');
  await remove(gone.id);
  now += 1;
  await remove(recent.id);
  now += 30 * day;
  expect(await purge()).toEqual({ purged: 1, kept: 0 });

  expect((await errorOf(service.users.getUser({ id: gone.id }))).code).toBe(status.NOT_FOUND);
  expect([await isThere(recent.id), await isThere(active.id)]).toEqual([true, true]);
  for (const [table, column] of [
    ['credentials', 'user_id'],
    ['follows', 'follower_id'],
    ['follows', 'followee_id'],
    ['accounts', 'user_id'],
  ]) {
    const { rows } = await service.sql.query(`select from users.${table} where ${column} = $1`, [gone.id]);
    expect(rows).toEqual([]);
  }
  const { rows } = await service.sql.query(
    `select actor, action from users.audit_entries where user_id = $1 order by number desc limit 1`,
    [gone.id],
  );
  expect(rows).toEqual([{ actor: 'tidemark', action: 'USER_PURGED' }]);
  const { rows: changes } = await service.sql.query(
    `select kind from users.user_changes where user_id = $1 order by number desc limit 1`,
    [gone.id],
  );
  expect(changes).toEqual([{ kind: 'PURGED' }]);
  await service.make({ username: gone.username, email: gone.email });
});

test('who has an open account stays until it is closed, and holds nobody else up', async () => {
  const rich = await service.make();
  const account = await insertAccount(service.sql, rich.id, 'OPEN');
  await remove(rich.id);
  now += 1;
  const others = await Promise.all(Array.from({ length: 250 }, () => service.make()));
  await Promise.all(others.map(({ id }) => remove(id)));
  now += 40 * day;
  expect(await purge()).toEqual({ purged: 251, kept: 1 });
  expect(await isThere(rich.id)).toBe(true);
  await service.sql.query(
    `update users.accounts set state = 'CLOSED', balance_minor = 0, close_time = now() where id = $1`,
    [account],
  );
  await service.sql.query('delete from users.outbox where lane = $1', [account]);
  expect(await purge()).toEqual({ purged: 1, kept: 0 });
});

test('who has transactions that have not left stays, so that an erasure finds them', async () => {
  const user = await service.make();
  const account = await insertAccount(service.sql, user.id, 'CLOSED');
  await remove(user.id);
  now += 31 * day;
  expect(await purge()).toEqual({ purged: 0, kept: 1 });
  await service.sql.query(
    `with dead as (delete from users.outbox where lane = $1 returning *)
     insert into users.dead_letters (id, kind, lane, payload, attempts, last_error, create_time)
     select id, kind, lane, payload, 3, 'refused', create_time from dead`,
    [account],
  );
  expect(await purge()).toEqual({ purged: 0, kept: 1 });
  await service.sql.query('delete from users.dead_letters where lane = $1', [account]);
  expect(await purge()).toEqual({ purged: 1, kept: 0 });
});

test('a repeat of a transfer to somebody who is purged since finds no account, and moves nothing', async () => {
  const accounts = rpcClient(AccountsServiceService, `127.0.0.1:${service.port}`);
  const open = async (userId: string) => {
    const request = OpenAccountRequest.fromPartial({ userId, currency: 'EUR', limitMinor: -100n });
    return (await accounts.openAccount(request)).account?.id ?? '';
  };
  const gone = await service.make();
  const [from, to] = [await open((await service.make()).id), await open(gone.id)];
  const payment = { fromAccountId: from, toAccountId: to, amountMinor: 10n, idempotencyKey: from, description: '' };
  await accounts.transfer(payment);
  await accounts.transfer({ ...payment, fromAccountId: to, toAccountId: from, idempotencyKey: to });
  await accounts.closeAccount({ id: to, etag: '' });
  await service.sql.query('delete from users.outbox where lane = $1', [to]);
  expect((await accounts.transfer(payment)).fromAccount?.balanceMinor).toBe(-10n);
  await remove(gone.id);
  now += 31 * day;
  await purge();

  const error = await errorOf(accounts.transfer(payment));
  expect([error.code, error.reason, error.message]).toEqual([
    status.NOT_FOUND,
    'ACCOUNT_NOT_FOUND',
    expect.stringContaining(to),
  ]);
  expect((await accounts.getAccount({ id: from })).account?.balanceMinor).toBe(0n);
  accounts.close();
});

test('two at once remove everybody once', async () => {
  const users = await Promise.all(Array.from({ length: 60 }, () => service.make()));
  await Promise.all(users.map(({ id }) => remove(id)));
  now += 31 * day;
  const runs = await Promise.all([purge(), purge()]);
  expect(runs.reduce((sum, { purged }) => sum + purged, 0)).toBe(60);
  const { rows } = await service.sql.query(
    `select from users.audit_entries where action = 'USER_PURGED' and user_id = any($1)`,
    [users.map(({ id }) => id)],
  );
  expect(rows).toHaveLength(60);
});

test('who is undeleted in time stays', async () => {
  const { id } = await service.make();
  await remove(id);
  now += 31 * day;
  await service.users.undeleteUser({ id, etag: '' });
  expect(await purge()).toEqual({ purged: 0, kept: 0 });
  expect(await isThere(id)).toBe(true);
});

test('a request that created somebody who is purged creates anew', async () => {
  const request = CreateUserRequest.fromPartial({
    user: { username: 'comeback', email: 'comeback@example.com' },
    requestId: '6b5a1a8e-2f0d-4c39-9a55-0f3d8f0a7b12',
  });
  const { user: first } = await service.users.createUser(request);
  await remove(first?.id ?? '');
  now += 31 * day;
  await purge();
  const { user: second } = await service.users.createUser(request);
  expect(second?.id).not.toBe(first?.id);
});

describe('the job', () => {
  test('removes by itself, and not where it is told to keep', async () => {
    const fresh = await freshDatabase();
    const sql = new Client(fresh.url);
    await sql.connect();
    await sql.query(`
      insert into users.users
      select gen_random_uuid(), 'gone', 'gone', 'gone@x', 'gone@x', '', '', '', '', '', 'DELETED', false, 1, null, null,
        to_timestamp(0), to_timestamp(0), to_timestamp(0)`);
    await sql.query(`insert into users.budgets (key, full_time) values ('full', to_timestamp(0))`);
    const isLimited = async () => (await sql.query('select from users.budgets')).rowCount === 1;
    const isThere = async () => (await sql.query('select from users.users')).rowCount === 1;
    const started = (purgeAfter: string | undefined) =>
      create(
        { ...configFor(fresh.url), purgeAfter, housekeepingIntervalMs: 100 },
        { clock: () => now, log: silentLog('users') },
      );

    const keeping = await started(undefined);
    await until('the budget is removed', async () => !(await isLimited()));
    await sleep(1_500);
    await keeping.stop();
    expect(await isThere()).toBe(true);
    const removing = await started('30 days');
    await until('the user is removed', async () => !(await isThere()));
    await Promise.all([removing.stop(), removing.stop()]);
    await sql.end();
    await fresh.stop();
  });

  test('does the rest where a part of it fails, and tells', async () => {
    const { id } = await service.make();
    await remove(id);
    now += 31 * day;
    await service.sql.query('alter table users.budgets rename to budgets_away');
    const run = keepHouse(
      database,
      { purgeAfter: '30 days', changesRetention: undefined },
      { clock: () => now, log: silentLog('users'), signal: AbortSignal.any([]) },
    );
    await expect(run).rejects.toThrow(AggregateError);
    await service.sql.query('alter table users.budgets_away rename to budgets');
    expect(await isThere(id)).toBe(false);
  });

  onRealServer('is done by one instance, and by another when that one is gone', async () => {
    const fresh = await freshDatabase();
    const of = () =>
      create({ ...configFor(fresh.url), housekeepingIntervalMs: 100 }, { clock: () => now, log: silentLog('users') });
    const [first, second] = [await of(), await of()];
    const leaders = async (): Promise<number> =>
      (
        await service.sql.query<{ pid: number }>(
          `select l.pid from pg_locks l join pg_database d on d.oid = l.database
           where l.locktype = 'advisory' and l.granted and d.datname = $1
             and (l.classid::bigint << 32 | l.objid::bigint) = 7204051999`,
          [new URL(fresh.url).pathname.slice(1)],
        )
      ).rows.length;
    await until('one leads', async () => (await leaders()) === 1);
    await first.stop();
    await until('the other leads', async () => (await leaders()) === 1);
    await second.stop();
    // The server may notice a moment later that a connection has ended.
    await until('nobody leads', async () => (await leaders()) === 0);
    await fresh.stop();
  });
});
