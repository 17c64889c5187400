import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as GrpcClient, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  OutboxServiceService,
  RetryDeadLettersRequest,
  UpdateUserRequest,
  UserChangeKind,
  UsersServiceService,
  type User,
  type WatchUsersResponse,
} from '@tidemark/contracts/users';
import { rpcClient } from '@tidemark/grpc-kit';
import { testServerUrl } from '@tidemark/testing';
import { Client } from 'pg';
import { insertAccount } from './account-rows.ts';
import { errorOf, fieldsOf, refusalsOf, runUsers, type RunningUsers } from './running-users.ts';

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one backend.');
const onRealServer = testServerUrl ? test : test.skip;

let service: RunningUsers;
let now = 1_800_000_000_000_000;
beforeAll(async () => (service = await runUsers({ clock: () => (now += 1) })));
afterAll(() => service.stop());

const erase = (id: string, etag = '') => service.users.eraseUser({ id, etag });

/** Each row of each table that holds the text, with the table's name before it. */
async function rowsWith(text: string): Promise<string[]> {
  const { rows: tables } = await service.sql.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'users'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await service.sql.query<{ row: string }>(
      `select t::text as row from ${name} t where t::text ilike '%' || $1 || '%'`,
      [text],
    );
    found.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return found;
}

/** Somebody who has done all there is to do. */
async function busyUser(): Promise<{ user: User; friend: User }> {
  const user = await service.make(
    { username: `vera.lang${now}`, email: `vera${now}@example.net`, displayName: 'Vera Lang' },
    'a long password',
  );
  const friend = await service.make();
  await service.users.updateUser(
    UpdateUserRequest.fromPartial({ user: { id: user.id, profile: { bio: 'Verily, Vera' } } }),
  );
  for (const [userId, otherId] of [
    [user.id, friend.id],
    [friend.id, user.id],
  ] as const) {
    await service.relationships.follow({ userId, otherId });
  }
  await service.relationships.block({ userId: friend.id, otherId: user.id });
  await insertAccount(service.sql, user.id, 'CLOSED');
  return { user, friend };
}

test('of a person nothing is left but an opaque id: in the word for the events service and in the last change', async () => {
  const { user, friend } = await busyUser();
  const { replacement } = await erase(user.id);
  expect(replacement).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

  for (const text of [user.username, user.email, 'Vera']) expect(await rowsWith(text)).toEqual([]);
  const left = await rowsWith(user.id);
  expect(left.map((row) => row.split(' ')[0]).sort()).toEqual(['users.outbox', 'users.user_changes']);
  const { rows: word } = await service.sql.query(
    `select lane, payload from users.outbox where kind = 'ERASE_USER' and lane = $1`,
    [user.id],
  );
  expect(word).toEqual([{ lane: user.id, payload: { userId: user.id, replacement } }]);
  const { rows: changes } = await service.sql.query('select kind from users.user_changes where user_id = $1', [
    user.id,
  ]);
  expect(changes).toEqual([{ kind: 'ERASED' }]);

  expect((await errorOf(service.users.getUser({ id: user.id }))).code).toBe(status.NOT_FOUND);
  const page = { pageSize: 0, pageToken: '', userId: friend.id };
  expect((await service.relationships.listBlocked(page)).blocked).toEqual([]);
});

test('the audit keeps what was done, to whoever the random id stands for, and that it was erased', async () => {
  const { user, friend } = await busyUser();
  const { replacement } = await erase(user.id);
  const ask = { actor: '', action: '', start: undefined, end: undefined, orderBy: 'time', pageSize: 0, pageToken: '' };
  const { entries } = await service.audit.listAuditEntries({ ...ask, userId: replacement });
  expect(entries.map(({ action }) => action)).toEqual(['USER_CREATED', 'USER_UPDATED', 'USER_FOLLOWED', 'USER_ERASED']);
  // The address of who created the user may be the user's; that of who erased the user is not.
  expect(entries.slice(0, -1).map(({ actor }) => actor)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(entries.at(-1)?.actor).not.toBe('unknown');
  const { entries: ofFriend } = await service.audit.listAuditEntries({ ...ask, userId: friend.id });
  expect(ofFriend.map(({ details }) => details?.['other_id'] as unknown)).toEqual([
    undefined,
    replacement,
    replacement,
  ]);
});

/** Calls a method that takes an id and an etag under a name. */
async function callAs<Response>(
  name: string,
  method: { path: string; responseDeserialize: (bytes: Buffer) => Response },
  id: string,
): Promise<Response> {
  const grpc = new GrpcClient(`127.0.0.1:${service.port}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('tidemark-caller', name);
  const { requestSerialize } = UsersServiceService.lockUser;
  try {
    return await new Promise((resolve, reject) => {
      const done = (error: Error | null, response?: Response) =>
        error ? reject(error) : resolve(response as Response);
      grpc.makeUnaryRequest(
        method.path,
        requestSerialize,
        method.responseDeserialize,
        { id, etag: '' },
        metadata,
        done,
      );
    });
  } finally {
    grpc.close();
  }
}

test('who called under the id of the person is not named any more', async () => {
  const { id } = await service.make();
  const other = await service.make();
  for (const name of [id, `user:${id}`, `web/user/${id.toUpperCase()}`]) {
    await callAs(name, UsersServiceService.lockUser, other.id);
    await callAs(name, UsersServiceService.unlockUser, other.id);
  }
  const { replacement } = await erase(id);
  const { rows } = await service.sql.query<{ actor: string }>(
    `select distinct actor from users.audit_entries where user_id = $1 and action <> 'USER_CREATED' order by 1`,
    [other.id],
  );
  expect(rows.map(({ actor }) => actor).sort()).toEqual(
    [replacement, `user:${replacement}`, `web/user/${replacement}`].sort(),
  );
});

test('who has themselves erased is named by the random id alone', async () => {
  const { id } = await service.make();
  const { replacement } = await callAs(`web/user/${id.toUpperCase()}`, UsersServiceService.eraseUser, id);
  expect((await rowsWith(id)).map((row) => row.split(' ')[0]).sort()).toEqual(['users.outbox', 'users.user_changes']);
  const { rows } = await service.sql.query(
    `select actor from users.audit_entries where user_id = $1 and action = 'USER_ERASED'`,
    [replacement],
  );
  expect(rows).toEqual([{ actor: `web/user/${replacement}` }]);
});

onRealServer('erasures that wait keep no other call waiting', async () => {
  const crowd = await Promise.all(Array.from({ length: 15 }, () => service.make()));
  const other = new Client(service.databaseUrl);
  await other.connect();
  await other.query('select pg_advisory_lock(7204051998)');
  const erasing = Promise.all(crowd.map(({ id }) => erase(id)));
  await sleep(500);
  const ids = crowd.map(({ id }) => id);
  expect((await service.users.batchGetUsers({ ids })).users).toHaveLength(15);
  await other.end();
  await erasing;
});

test('transactions that have not left yet go under the random id, and so do dead letters', async () => {
  const { id } = await service.make();
  const account = await insertAccount(service.sql, id, 'CLOSED');
  await service.sql.query(
    `insert into users.dead_letters (id, kind, lane, payload, attempts, last_error, create_time)
     select id + 1000000, kind, lane, payload, 3, 'refused', create_time from users.outbox where lane = $1`,
    [account],
  );
  const { replacement } = await erase(id);
  for (const table of ['outbox', 'dead_letters']) {
    const { rows } = await service.sql.query<{ payload: object }>(
      `select payload from users.${table} where lane = $1 order by id`,
      [account],
    );
    expect(rows).toEqual([{ payload: expect.objectContaining({ accountId: account, userId: replacement }) as object }]);
  }
});

onRealServer('a dead letter that is being retried goes under the random id too', async () => {
  const { id } = await service.make();
  const account = await insertAccount(service.sql, id, 'CLOSED');
  const { rows } = await service.sql.query<{ id: string }>(
    `with dead as (delete from users.outbox where lane = $1 returning *)
     insert into users.dead_letters (id, kind, lane, payload, attempts, last_error, create_time)
     select id, kind, lane, payload, 3, 'refused', create_time from dead returning id`,
    [account],
  );
  const letter = rows[0]?.id ?? '';
  const outbox = rpcClient(OutboxServiceService, `127.0.0.1:${service.port}`);
  // Has the retry wait between taking the letter from one table and putting it into the other.
  const other = new Client(service.databaseUrl);
  await other.connect();
  await other.query('begin');
  await other.query(`insert into users.outbox (id, kind, lane, payload) values ($1, 'TRANSACTION', 'a', '{}')`, [
    letter,
  ]);
  const retrying = outbox.retryDeadLetters(RetryDeadLettersRequest.fromPartial({ ids: [BigInt(letter)] }));
  await sleep(500);
  const erasing = erase(id);
  await sleep(500);
  await other.query('rollback');
  await other.end();
  await retrying;
  const { replacement } = await erasing;
  outbox.close();
  const { rows: left } = await service.sql.query<{ payload: object }>(
    'select payload from users.outbox where lane = $1',
    [account],
  );
  expect(left).toEqual([{ payload: expect.objectContaining({ userId: replacement }) as object }]);
});

onRealServer('a relay that is delivering transactions of the person is waited for', async () => {
  const { id } = await service.make();
  const account = await insertAccount(service.sql, id, 'CLOSED');
  const relay = new Client(service.databaseUrl);
  await relay.connect();
  const lock = `hashtextextended('TRANSACTION ${account}', 7204051996)`;
  await relay.query(`select pg_advisory_lock(${lock})`);
  const erasing = erase(id);
  expect(await Promise.race([erasing, sleep(700, 'waits')])).toBe('waits');
  await relay.query(`delete from users.outbox where lane = '${account}'; select pg_advisory_unlock(${lock})`);
  await relay.end();
  await erasing;
});

test('a user with an open account is not erased, and everything stays as it was', async () => {
  const { user } = await busyUser();
  const account = await insertAccount(service.sql, user.id, 'OPEN');
  const before = (await rowsWith(user.id)).sort();
  const error = await errorOf(erase(user.id));
  expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'ACCOUNT_OPEN']);
  expect(error.message).toMatch(/Close all accounts/);
  expect((await rowsWith(user.id)).sort()).toEqual(before);

  await service.sql.query(
    `update users.accounts set state = 'CLOSED', balance_minor = 0, close_time = now() where id = $1`,
    [account],
  );
  await erase(user.id);
});

test('a deleted user can be erased, and one who was purged too; the second time there is nobody', async () => {
  const deleted = await service.make();
  await service.users.deleteUser({ id: deleted.id, etag: '' });
  await erase(deleted.id);

  const purged = await service.make();
  await service.users.deleteUser({ id: purged.id, etag: '' });
  await service.sql.query(`select users.purge_user($1, 'infinity')`, [purged.id]);
  const { replacement } = await erase(purged.id);
  expect((await rowsWith(replacement)).length).toBeGreaterThan(1);

  for (const { id } of [deleted, purged]) expect((await errorOf(erase(id))).reason).toBe('USER_NOT_FOUND');
});

test('a stale etag, nobody, and what is no UUID are refused', async () => {
  const user = await service.make();
  expect((await errorOf(erase(user.id, 'stale'))).reason).toBe('ETAG_MISMATCH');
  expect((await errorOf(erase(randomUUID()))).code).toBe(status.NOT_FOUND);
  expect((await errorOf(erase(randomUUID(), user.etag))).code).toBe(status.NOT_FOUND);
  expect(await fieldsOf(erase('nobody'))).toEqual(['id']);
  await erase(user.id, user.etag);
});

test('twenty erasures of one person at once: one is done, and leaves word once', async () => {
  const { user } = await busyUser();
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => erase(user.id)));
  expect(refusalsOf(outcomes)).toEqual(Array(19).fill('USER_NOT_FOUND'));
  expect((await rowsWith(user.id)).map((row) => row.split(' ')[0]).sort()).toEqual([
    'users.outbox',
    'users.user_changes',
  ]);
});

test('whatever else happens to the person meanwhile comes before or not at all', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { user, friend } = await busyUser();
    await service.relationships.unblock({ userId: friend.id, otherId: user.id });
    const pair = { userId: user.id, otherId: friend.id };
    const outcomes = await Promise.allSettled([
      service.relationships.follow(pair),
      service.users.lockUser({ id: user.id, etag: '' }),
      erase(user.id),
      service.relationships.block({ userId: friend.id, otherId: user.id }),
      service.users.deleteUser({ id: user.id, etag: '' }),
      service.relationships.unfollow(pair),
    ]);
    expect(outcomes[2].status).toBe('fulfilled');
    expect(new Set([...refusalsOf(outcomes), 'USER_NOT_FOUND', 'FOLLOW_REFUSED', 'USER_DELETED']).size).toBe(3);
    expect((await rowsWith(user.id)).map((row) => row.split(' ')[0]).sort()).toEqual([
      'users.outbox',
      'users.user_changes',
    ]);
  }
});

test('who watches is told, by the id alone, also from a cursor before all that the person did', async () => {
  const watch = service.users.watchUsers({ cursor: '' })[Symbol.asyncIterator]();
  const next = async (stream = watch) => ((await stream.next()) as IteratorYieldResult<WatchUsersResponse>).value;
  const { cursor } = await next();
  const { id } = await service.make();
  expect((await next()).change).toMatchObject({ kind: UserChangeKind.CREATED, userId: id });
  await erase(id);
  const told = { kind: UserChangeKind.ERASED, userId: id, user: undefined };
  expect((await next()).change).toMatchObject(told);
  await watch.return?.();

  const late = service.users.watchUsers({ cursor })[Symbol.asyncIterator]();
  await next(late);
  expect((await next(late)).change).toMatchObject(told);
  await late.return?.();
});

test('the names of who was erased are free', async () => {
  const user = await service.make();
  await erase(user.id);
  await service.make({ username: user.username, email: user.email });
});

test('people who know each other are erased at once', async () => {
  const crowd = await Promise.all(Array.from({ length: 8 }, () => service.make()));
  for (const { id: userId } of crowd) {
    await Promise.all(
      crowd
        .filter(({ id }) => id !== userId)
        .map(({ id: otherId }) => service.relationships.follow({ userId, otherId })),
    );
  }
  await Promise.all(crowd.map(({ id, etag }) => erase(id, etag)));
  for (const { id } of crowd) {
    expect((await rowsWith(id)).map((row) => row.split(' ')[0]).sort()).toEqual(['users.outbox', 'users.user_changes']);
  }
});
