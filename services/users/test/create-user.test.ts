import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { CreateUserRequest, UpdateUserRequest, UserState } from '@tidemark/contracts/users';
import { errorOf, fieldsOf, refusalsOf, runUsers, userOf, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
let now = 1_800_000_000_123_456;
beforeAll(async () => (service = await runUsers({ clock: () => now })));
afterAll(() => service.stop());

const create = (request: Parameters<typeof CreateUserRequest.fromPartial>[0]) =>
  service.users.createUser(CreateUserRequest.fromPartial(request));

describe('a new user', () => {
  test('has what was given and what the service adds', async () => {
    const profile = {
      bio: "It's \\ a ? bio\n",
      avatarUrl: 'https://example.com/a.png',
      locale: 'pt-br',
      timeZone: 'Asia/Kathmandu',
    };
    const user = userOf(
      await create({ user: { username: 'Ana', email: 'Ana@Example.com', displayName: 'Ana María 👩🏽‍🚀', profile } }),
    );

    expect(user).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as string,
      username: 'Ana',
      email: 'Ana@Example.com',
      displayName: 'Ana María 👩🏽‍🚀',
      profile: { ...profile, locale: 'pt-BR' },
      state: UserState.ACTIVE,
      emailVerified: false,
      etag: expect.stringMatching(/./) as string,
      createTime: { seconds: 1_800_000_000n, nanos: 123_456_000 },
      updateTime: { seconds: 1_800_000_000n, nanos: 123_456_000 },
      deleteTime: undefined,
    });
    expect(userOf(await service.users.getUser({ id: user.id }))).toEqual(user);
  });

  test('decides nothing that is output only', async () => {
    const user = await service.make({ id: randomUUID(), state: UserState.DELETED, emailVerified: true, etag: 'mine' });
    expect(user).toMatchObject({ state: UserState.ACTIVE, emailVerified: false });
  });
});

describe('wrong fields', () => {
  test('are all named at once', async () => {
    const error = await errorOf(
      create({
        user: {
          username: 'a b',
          email: 'nowhere',
          displayName: 'x'.repeat(129),
          profile: { bio: 'x\0', avatarUrl: 'ftp://example.com', locale: 'not a tag', timeZone: 'Mars/Base' },
        },
        password: 'short',
        requestId: 'mine',
      }),
    );
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.reason).toBe('FIELD_INVALID');
    expect(error.fields.map(({ field }) => field)).toEqual([
      'user.username',
      'user.email',
      'user.display_name',
      'user.profile.bio',
      'user.profile.avatar_url',
      'user.profile.locale',
      'user.profile.time_zone',
      'password',
      'request_id',
    ]);
  });

  test('a request without a user lacks the username and the email', async () => {
    expect(await fieldsOf(create({}))).toEqual(['user.username', 'user.email']);
  });

  test('lengths count characters, not their parts', async () => {
    await service.make({ displayName: '👍'.repeat(128), profile: { bio: '👍'.repeat(2_000) } });
    expect(await fieldsOf(service.make({ displayName: '👍'.repeat(129) }))).toEqual(['user.display_name']);
    expect(await fieldsOf(service.make({}, '👍'.repeat(7)))).toEqual(['password']);
    expect(await fieldsOf(service.make({}, '👍'.repeat(257)))).toEqual(['password']);
    expect(await fieldsOf(service.make({}, 'e\u0301'.repeat(7)))).toEqual(['password']);
    await service.make({}, '👍'.repeat(256));
  });
});

describe('a reserved username', () => {
  test.each(['admin', 'Root', 'ad.min', '_support_', 'ＡＤＭＩＮ', 'no-reply', 'tidemark'])(
    '%s is refused',
    async (username) => {
      const error = await errorOf(service.make({ username }));
      expect(error.fields).toEqual([{ field: 'user.username', description: 'is reserved: choose another' }]);
    },
  );

  test('is not one that only contains it, and nobody can be renamed to one', async () => {
    const { id } = await service.make({ username: 'administratively' });
    const request = UpdateUserRequest.fromPartial({ user: { id, username: 'Administrator' } });
    expect(await fieldsOf(service.users.updateUser(request))).toEqual(['user.username']);
  });
});

describe('a taken value', () => {
  test.each([
    ['Robert', 'ROBERT'],
    ['Straße', 'STRASSE'],
    ['Große', 'GROẞE'],
    ['ΟΔΟΣ', 'οδος'],
    ['Ame\u0301lie', 'AM\u00c9LIE'],
  ])('the username %s is also %s', async (username, sameUsername) => {
    await service.make({ username });
    const error = await errorOf(service.make({ username: sameUsername }));
    expect(error.code).toBe(status.ALREADY_EXISTS);
    expect(error.reason).toBe('USERNAME_TAKEN');
    expect(error.fields.map(({ field }) => field)).toEqual(['user.username']);
    expect(error.metadata).toEqual({ field: 'username' });
  });

  test.each([
    ['first.last@example.org', 'FIRST.LAST@EXAMPLE.ORG'],
    ['idn@bücher.example', 'idn@XN--BCHER-KVA.example'],
  ])('the email %s is also %s', async (email, sameEmail) => {
    await service.make({ email });
    const error = await errorOf(service.make({ email: sameEmail }));
    expect(error.code).toBe(status.ALREADY_EXISTS);
    expect(error.reason).toBe('EMAIL_TAKEN');
    expect(error.fields.map(({ field }) => field)).toEqual(['user.email']);
    expect(error.metadata).toEqual({ field: 'email' });
  });

  test('stays taken by a user who is deleted', async () => {
    const user = await service.make({ username: 'leaver' });
    await service.users.deleteUser({ id: user.id, etag: '' });
    expect((await errorOf(service.make({ username: 'Leaver' }))).reason).toBe('USERNAME_TAKEN');
  });

  test('goes to exactly one of a hundred who want it at once', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) =>
        service.make({ username: i % 2 ? 'wanted' : 'WANTED', email: `w${i}@example.com` }),
      ),
    );
    expect(refusalsOf(outcomes)).toEqual(Array(99).fill('USERNAME_TAKEN'));
    const { rows } = await service.sql.query(`select count(*)::int from users.users where username_key = 'wanted'`);
    expect(rows).toEqual([{ count: 1 }]);
  });

  test('leaves nothing of the refused user behind', async () => {
    await service.make({ username: 'holder' });
    await errorOf(service.make({ username: 'holder', email: 'free@example.com' }, 'a long password'));
    await service.make({ email: 'free@example.com' });
  });
});

describe('request_id', () => {
  const request = (over: object = {}) => ({
    user: { username: 'repeater', email: 'repeater@example.com' },
    password: 'a long password',
    requestId: '6b5a1a8e-2f0d-4c39-9a55-0f3d8f0a7b11',
    ...over,
  });

  test('a repeat returns the user, as that user is now', async () => {
    const first = userOf(await create(request()));
    expect(userOf(await create(request({ requestId: request().requestId.toUpperCase() })))).toEqual(first);

    now += 1_000_000;
    const { user: deleted } = await service.users.deleteUser({ id: first.id, etag: '' });
    expect(userOf(await create(request()))).toEqual(deleted);
  });

  test('other values under it are refused, another password is not looked at', async () => {
    const other = { username: 'repeater', email: 'other@example.com' };
    const error = await errorOf(create(request({ user: other })));
    expect(error.code).toBe(status.FAILED_PRECONDITION);
    expect(error.reason).toBe('REQUEST_ID_REUSED');
    expect(userOf(await create(request({ password: 'another password' }))).username).toBe('repeater');
  });

  test('the same request twenty times at once creates one user', async () => {
    const requestId = randomUUID();
    const twins = { user: { username: 'twins', email: 'twins@example.com' }, requestId };
    const responses = await Promise.all(Array.from({ length: 20 }, () => create(twins)));
    expect(new Set(responses.map((response) => userOf(response).id)).size).toBe(1);
  });

  test('different requests under it at once create one user, and the others are refused', async () => {
    const requestId = randomUUID();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) =>
        create({ user: { username: `rival${i}`, email: `rival${i}@example.com` }, requestId }),
      ),
    );
    expect(refusalsOf(outcomes)).toEqual(Array(9).fill('REQUEST_ID_REUSED'));
  });

  test('a clash with another user stays a clash', async () => {
    const user = await service.make();
    const error = await errorOf(
      create({ user: { username: user.username, email: 'x@example.com' }, requestId: randomUUID() }),
    );
    expect(error.reason).toBe('USERNAME_TAKEN');
  });
});
