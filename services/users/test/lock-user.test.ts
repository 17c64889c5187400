import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { UpdateUserRequest, UserState, VerifyPasswordRequest, type User } from '@tidemark/contracts/users';
import { testServerUrl } from '@tidemark/testing';
import { Client } from 'pg';
import { errorOf, fieldsOf, runUsers, userOf, type RunningUsers } from './running-users.ts';

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one backend.');
const onRealServer = testServerUrl ? test : test.skip;

let service: RunningUsers;
let now = 1_800_000_000_000_000;
beforeAll(async () => (service = await runUsers({ clock: () => now })));
afterAll(() => service.stop());

const lock = async (id: string, etag = '') => userOf(await service.users.lockUser({ id, etag }));
const unlock = async (id: string, etag = '') => userOf(await service.users.unlockUser({ id, etag }));
const canSignIn = async ({ username }: User, password: string) =>
  (
    await service.credentials.verifyPassword(
      VerifyPasswordRequest.fromPartial({ user: { $case: 'username', value: username }, password }),
    )
  ).verified;

test('a lock stops signing in until it is taken away, and nothing else', async () => {
  const user = await service.make({}, 'a long password');
  now += 1_500_001;
  const time = { seconds: 1_800_000_001n, nanos: 500_001_000 };
  const locked = await lock(user.id, user.etag);
  expect(locked).toEqual({
    ...user,
    state: UserState.LOCKED,
    etag: expect.not.stringContaining(user.etag) as string,
    updateTime: time,
    lockTime: time,
  });
  expect(userOf(await service.users.getUser({ id: user.id }))).toEqual(locked);
  expect(await canSignIn(user, 'a long password')).toBe(false);

  const request = UpdateUserRequest.fromPartial({ user: { id: user.id, displayName: 'Corrected' } });
  expect(userOf(await service.users.updateUser(request))).toMatchObject({
    displayName: 'Corrected',
    state: UserState.LOCKED,
    lockTime: time,
  });

  expect(await unlock(user.id)).toMatchObject({ state: UserState.ACTIVE, lockTime: undefined });
  expect(await canSignIn(user, 'a long password')).toBe(true);
});

test('locking who is locked and unlocking who is not change nothing', async () => {
  const user = await service.make();
  expect(await unlock(user.id)).toEqual(user);
  const locked = await lock(user.id);
  now += 1_000;
  expect(await lock(user.id, locked.etag)).toEqual(locked);
  const { rows } = await service.sql.query('select action from users.audit_entries where user_id = $1', [user.id]);
  expect(rows).toEqual([{ action: 'USER_CREATED' }, { action: 'USER_LOCKED' }]);
});

test('undeleting a user who was locked lifts no lock', async () => {
  const user = await service.make({}, 'a long password');
  const { lockTime } = await lock(user.id);
  await service.users.deleteUser({ id: user.id, etag: '' });
  const back = userOf(await service.users.undeleteUser({ id: user.id, etag: '' }));
  expect(back).toMatchObject({ state: UserState.LOCKED, lockTime });
  expect(await canSignIn(user, 'a long password')).toBe(false);
});

test('locked users are listed, and can be asked for', async () => {
  const user = await service.make();
  await lock(user.id);
  const page = { usernamePrefix: user.username, orderBy: '', pageSize: 0, pageToken: '' };
  const listed = async (states: UserState[]) => (await service.users.listUsers({ ...page, states })).users.length;
  expect(await listed([])).toBe(1);
  expect(await listed([UserState.LOCKED])).toBe(1);
  expect(await listed([UserState.ACTIVE])).toBe(0);
});

test('a hundred who lock and unlock at once leave one state and an entry for each change', async () => {
  const { id } = await service.make();
  const calls = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? lock(id) : unlock(id)));
  await Promise.all(calls);
  const { rows } = await service.sql.query<{ action: string }>(
    `select action from users.audit_entries where user_id = $1 and action <> 'USER_CREATED' order by number`,
    [id],
  );
  const { rows: changes } = await service.sql.query<{ kind: string }>(
    `select kind from users.user_changes where user_id = $1 and kind <> 'CREATED' order by number`,
    [id],
  );
  // In turns: no change was made twice in a row.
  expect(changes.map(({ kind }) => kind)).toEqual(changes.map((_, index) => (index % 2 === 0 ? 'LOCKED' : 'UNLOCKED')));
  expect(rows).toHaveLength(changes.length);
  const { state } = userOf(await service.users.getUser({ id }));
  expect(state).toBe(changes.length % 2 === 1 ? UserState.LOCKED : UserState.ACTIVE);
});

onRealServer('who waits for a token of one user keeps nobody from changing another', async () => {
  const [user, other] = [await service.make(), await service.make()];
  await service.sql.query(
    `insert into users.tokens (id, hash, user_id, purpose, email_key, expire_time)
     values (gen_random_uuid(), sha256($1::text::bytea), $1::uuid, 'PASSWORD_RESET', '', now())`,
    [user.id],
  );
  const holding = new Client(service.databaseUrl);
  await holding.connect();
  await holding.query('begin');
  await holding.query('select from users.tokens where user_id = $1 for update', [user.id]);
  const locking = lock(user.id);
  expect(await Promise.race([locking, sleep(1_000, 'waits')])).toBe('waits');
  await lock(other.id);
  await holding.query('rollback');
  await holding.end();
  expect((await locking).state).toBe(UserState.LOCKED);
});

test('refusals', async () => {
  const user = await service.make();
  for (const call of [lock, unlock]) {
    expect((await errorOf(call(user.id, 'stale'))).reason).toBe('ETAG_MISMATCH');
    expect((await errorOf(call(randomUUID()))).code).toBe(status.NOT_FOUND);
    expect(await fieldsOf(call('nobody'))).toEqual(['id']);
  }
  await service.users.deleteUser({ id: user.id, etag: '' });
  for (const call of [lock, unlock]) {
    const error = await errorOf(call(user.id));
    expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'USER_DELETED']);
  }
});
