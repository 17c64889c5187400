import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { errorOf, fieldsOf, runUsers, userOf, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
beforeAll(async () => (service = await runUsers()));
afterAll(() => service.stop());

type Key = { $case: 'username' | 'email'; value: string };
const lookup = (key?: Key) => service.users.lookupUser({ key });

describe('GetUser', () => {
  test('finds a user by id in either case', async () => {
    const user = await service.make();
    expect(userOf(await service.users.getUser({ id: user.id.toUpperCase() }))).toEqual(user);
  });

  test('NOT_FOUND for an unknown id, INVALID_ARGUMENT for one that is no UUID', async () => {
    const unknown = await errorOf(service.users.getUser({ id: randomUUID() }));
    expect([unknown.code, unknown.reason]).toEqual([status.NOT_FOUND, 'USER_NOT_FOUND']);
    for (const id of ['', 'nobody', `${randomUUID()}0`]) {
      expect(await fieldsOf(service.users.getUser({ id }))).toEqual(['id']);
    }
  });
});

describe('LookupUser', () => {
  test('finds by username and by email, without regard to case', async () => {
    const user = await service.make({ username: 'Grace.Hopper', email: 'Grace@Navy.example' });
    expect(userOf(await lookup({ $case: 'username', value: 'gRACE.hOPPER' }))).toEqual(user);
    expect(userOf(await lookup({ $case: 'email', value: 'GRACE@NAVY.EXAMPLE' }))).toEqual(user);
  });

  test('finds a deleted user', async () => {
    const user = await service.make();
    await service.users.deleteUser({ id: user.id, etag: '' });
    expect(userOf(await lookup({ $case: 'username', value: user.username })).id).toBe(user.id);
  });

  test('what nobody can be called is not found', async () => {
    for (const key of [
      { $case: 'username', value: "x' or '1'='1" },
      { $case: 'username', value: 'grace%' },
      { $case: 'email', value: 'nowhere' },
      { $case: 'email', value: 'grace@navy.example/path' },
    ] as const) {
      expect((await errorOf(lookup(key))).code).toBe(status.NOT_FOUND);
    }
  });

  test('INVALID_ARGUMENT where nothing is given', async () => {
    expect(await fieldsOf(lookup())).toEqual(['key']);
    expect(await fieldsOf(lookup({ $case: 'username', value: '' }))).toEqual(['username']);
    expect(await fieldsOf(lookup({ $case: 'email', value: 'a\0@example.com' }))).toEqual(['email']);
  });
});

describe('BatchGetUsers', () => {
  const batch = (ids: string[]) => service.users.batchGetUsers({ ids });

  test('keeps the order, answers a repeated id again, and names what is missing', async () => {
    const [a, b] = [await service.make(), await service.make()];
    const [gone, lost] = [randomUUID().toUpperCase(), randomUUID()];
    const { users, missing } = await batch([gone, b.id, a.id.toUpperCase(), lost, b.id, gone]);
    expect(users).toEqual([b, a, b]);
    expect(missing).toEqual([gone, lost, gone]);
    expect(await batch([])).toEqual({ users: [], missing: [] });
  });

  test('takes a thousand ids and no more, and names each that is no UUID', async () => {
    const ids = Array.from({ length: 1_000 }, () => randomUUID() as string);
    expect((await batch(ids)).missing).toEqual(ids);
    expect(await fieldsOf(batch([...ids, randomUUID()]))).toEqual(['ids']);
    expect(await fieldsOf(batch([randomUUID(), 'x', randomUUID(), '']))).toEqual(['ids[1]', 'ids[3]']);
  });
});
