import { randomUUID } from 'node:crypto';
import { UpdateUserRequest } from '@tidemark/contracts/users';
import { errorOf, runUsers, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
let now = 1_800_000_000_000_000;
beforeAll(async () => (service = await runUsers({ clock: () => now })));
afterAll(() => service.stop());

async function entriesOf(userId: string): Promise<unknown[]> {
  const { rows } = await service.sql.query<Record<string, unknown>>(
    'select actor, action, details from users.audit_entries where user_id = $1 order by number',
    [userId],
  );
  return rows;
}

async function changesOf(userId: string): Promise<string[]> {
  const { rows } = await service.sql.query<{ kind: string }>(
    'select kind from users.user_changes where user_id = $1 order by number',
    [userId],
  );
  return rows.map(({ kind }) => kind);
}

test('each change of a user leaves an entry and a change, and one that changes nothing leaves none', async () => {
  const { id } = await service.make({ displayName: 'Before' }, 'a long password');
  now += 1_000;
  const request = UpdateUserRequest.fromPartial({ user: { id, displayName: 'After', profile: { bio: 'New' } } });
  await service.users.updateUser(request);
  await service.users.updateUser(request);
  await service.users.deleteUser({ id, etag: '' });
  await service.users.undeleteUser({ id, etag: '' });

  const actor = expect.stringMatching(/127\.0\.0\.1|::1/) as string;
  expect(await entriesOf(id)).toEqual([
    { actor, action: 'USER_CREATED', details: { password: 'set' } },
    { actor, action: 'USER_UPDATED', details: { fields: ['display_name', 'profile.bio'] } },
    { actor, action: 'USER_DELETED', details: {} },
    { actor, action: 'USER_UNDELETED', details: {} },
  ]);
  expect(await changesOf(id)).toEqual(['CREATED', 'UPDATED', 'DELETED', 'UNDELETED']);
});

test('what fails leaves no entry', async () => {
  const count = async () => (await service.sql.query('select from users.audit_entries')).rowCount;
  const user = await service.make();
  const before = await count();
  await errorOf(service.make({ username: user.username }));
  await errorOf(service.users.deleteUser({ id: user.id, etag: 'stale' }));
  await errorOf(service.users.deleteUser({ id: randomUUID(), etag: '' }));
  expect(await count()).toBe(before);
});
