import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { UserState } from '@tidemark/contracts/users';
import { errorOf, fieldsOf, runUsers, userOf, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
let now = 1_800_000_000_000_000;
beforeAll(async () => (service = await runUsers({ clock: () => now })));
afterAll(() => service.stop());

const remove = async (id: string, etag = '') => userOf(await service.users.deleteUser({ id, etag }));
const restore = async (id: string, etag = '') => userOf(await service.users.undeleteUser({ id, etag }));

test('a deleted user is marked, still found, and comes back as before', async () => {
  const user = await service.make({ displayName: 'Phoenix' });
  now += 1_500_001;
  const time = { seconds: 1_800_000_001n, nanos: 500_001_000 };
  const deleted = await remove(user.id, user.etag);
  expect(deleted).toEqual({
    ...user,
    state: UserState.DELETED,
    etag: expect.not.stringContaining(user.etag) as string,
    updateTime: time,
    deleteTime: time,
  });
  expect(userOf(await service.users.getUser({ id: user.id }))).toEqual(deleted);

  const restored = await restore(user.id, deleted.etag);
  expect(restored).toEqual({ ...user, etag: restored.etag, updateTime: time });
  expect(new Set([user.etag, deleted.etag, restored.etag]).size).toBe(3);
});

test('a stale etag is ABORTED both ways', async () => {
  const user = await service.make();
  expect((await errorOf(remove(user.id, 'stale'))).reason).toBe('ETAG_MISMATCH');
  await remove(user.id);
  expect((await errorOf(restore(user.id, user.etag))).code).toBe(status.ABORTED);
});

test('who is deleted cannot be deleted, who is not cannot be undeleted', async () => {
  const user = await service.make();
  const active = await errorOf(restore(user.id));
  expect([active.code, active.reason]).toEqual([status.ALREADY_EXISTS, 'USER_NOT_DELETED']);
  await remove(user.id);
  const deleted = await errorOf(remove(user.id));
  expect([deleted.code, deleted.reason]).toEqual([status.NOT_FOUND, 'USER_NOT_FOUND']);
});

test('nobody is NOT_FOUND, no UUID is INVALID_ARGUMENT', async () => {
  for (const call of [remove, restore]) {
    expect((await errorOf(call(randomUUID()))).code).toBe(status.NOT_FOUND);
    expect(await fieldsOf(call('nobody'))).toEqual(['id']);
  }
});
