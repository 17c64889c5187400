import { status } from '@grpc/grpc-js';
import { ListUsersRequest, ListUsersResponse, UserState, type User } from '@tidemark/contracts/users';
import { errorOf, fieldsOf, runUsers, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
let now = 1_800_000_000_000_000;
let all: User[];

type Request = Parameters<typeof ListUsersRequest.fromPartial>[0];
const list = (request: Request = {}) => service.users.listUsers(ListUsersRequest.fromPartial(request));
const names = async (request: Request) => (await list(request)).users.map(({ username }) => username);

/** All pages; `between` runs before each but the first. */
async function pages(request: Request, between: () => Promise<unknown> = () => Promise.resolve()): Promise<User[]> {
  const { users, nextPageToken } = await list(request);
  if (nextPageToken === '') return users;
  await between();
  return [...users, ...(await pages({ ...request, pageToken: nextPageToken }, between))];
}

beforeAll(async () => {
  service = await runUsers({ clock: () => (now += 1) });
  for (const username of ['zoe', 'Ava', 'a_1', 'ab1', 'éva', 'Zack']) await service.make({ username });
  const gone = await service.make({ username: 'gone' });
  await service.users.deleteUser({ id: gone.id, etag: '' });
  all = (await list()).users;
});
afterAll(() => service.stop());

describe('order', () => {
  test('by creation, to the microsecond, and backwards', async () => {
    expect(await names({})).toEqual(['zoe', 'Ava', 'a_1', 'ab1', 'éva', 'Zack']);
    expect(await names({ orderBy: 'create_time desc' })).toEqual(['Zack', 'éva', 'ab1', 'a_1', 'Ava', 'zoe']);
  });

  test('by username without regard to case, code point by code point', async () => {
    expect(await names({ orderBy: 'username' })).toEqual(['a_1', 'ab1', 'Ava', 'Zack', 'zoe', 'éva']);
    expect(await names({ orderBy: 'username desc' })).toEqual(['éva', 'zoe', 'Zack', 'Ava', 'ab1', 'a_1']);
  });
});

describe('filter', () => {
  test('the username begins with the prefix, in any case; nothing in it is a wildcard', async () => {
    expect(await names({ usernamePrefix: 'AV' })).toEqual(['Ava']);
    expect(await names({ usernamePrefix: 'a_' })).toEqual(['a_1']);
    expect(await names({ usernamePrefix: '%' })).toEqual([]);
    expect(await names({ usernamePrefix: 'É' })).toEqual(['éva']);
  });

  test('by state: deleted users only where they are asked for', async () => {
    expect(await names({ states: [UserState.DELETED] })).toEqual(['gone']);
    expect(await names({ states: [UserState.DELETED, UserState.ACTIVE] })).toHaveLength(7);
  });
});

describe('pages', () => {
  test.each(['create_time', 'create_time desc', 'username', 'username desc'])(
    'by %s hold every user once',
    async (orderBy) => {
      const whole = (await list({ orderBy })).users;
      for (const pageSize of [1, 2, 3, 6]) expect(await pages({ orderBy, pageSize })).toEqual(whole);
    },
  );

  test('users who were made in the same instant are neither lost nor repeated', async () => {
    const then = now;
    for (let i = 0; i < 5; i += 1) {
      now = then;
      await service.make({ username: `instant${i}` });
    }
    const found = await pages({ usernamePrefix: 'instant', pageSize: 2 });
    expect(new Set(found.map(({ id }) => id)).size).toBe(5);
    expect(found).toHaveLength(5);
  });

  test.each(['create_time', 'create_time desc', 'username', 'username desc'])(
    'by %s stay whole while users come and go',
    async (orderBy) => {
      const before = (await list({ orderBy })).users.map(({ id }) => id);
      const come = async () => {
        const made = await Promise.all([service.make({ username: `a${now}` }), service.make({ username: `zz${now}` })]);
        await service.users.deleteUser({ id: made[0].id, etag: '' });
      };
      const seen = (await pages({ orderBy, pageSize: 4 }, come)).map(({ id }) => id);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => before.includes(id))).toEqual(before);
    },
  );

  test('page_size: 0 means 50, over 1,000 means 1,000, negative is refused', async () => {
    await service.sql.query(`
      insert into users.users
      select gen_random_uuid(), 'bulk' || n, 'bulk' || n, n || '@bulk', n || '@bulk', '', '', '', '', '', 'ACTIVE', false, 1,
        null, null, '2099-01-01', '2099-01-01', null
      from generate_series(1, 1001) n`);
    expect((await list({ usernamePrefix: 'bulk' })).users).toHaveLength(50);
    expect((await list({ usernamePrefix: 'bulk', pageSize: 5_000 })).users).toHaveLength(1_000);
    expect(await fieldsOf(list({ pageSize: -1 }))).toEqual(['page_size']);
  });
});

test('a page ends before it is larger than what clients take, and the next one goes on', async () => {
  await service.sql.query(`
    insert into users.users
    select gen_random_uuid(), 'large' || n, 'large' || n, n || '@large', n || '@large', '', repeat('👍', 2000),
      repeat('👍', 2000), '', '', 'ACTIVE', false, 1, null, null, '2098-01-01', '2098-01-01', null
    from generate_series(1, 300) n`);
  for (const orderBy of ['create_time', 'username desc']) {
    const request = { usernamePrefix: 'large', orderBy, pageSize: 300 };
    const page = await list(request);
    expect(ListUsersResponse.encode(page).finish().length).toBeLessThan(4 * 1_024 * 1_024);
    expect(page.users.length).toBeGreaterThan(100);
    const all = await pages(request);
    expect(new Set(all.map(({ id }) => id)).size).toBe(300);
    expect(all).toHaveLength(300);
  }
});

describe('page_token', () => {
  const token = async (request: Request = {}) => (await list({ pageSize: 2, ...request })).nextPageToken;

  test('is bound to every other field but page_size', async () => {
    const pageToken = await token();
    expect((await list({ pageSize: 3, pageToken })).users).toEqual(all.slice(2, 5));
    for (const changed of [{ orderBy: 'username' }, { usernamePrefix: 'a' }, { states: [UserState.DELETED] }]) {
      const error = await errorOf(list({ ...changed, pageToken }));
      expect([error.code, error.reason]).toEqual([status.INVALID_ARGUMENT, 'PAGE_TOKEN_INVALID']);
    }
  });

  test('that was tampered with or made up is refused', async () => {
    const bytes = Buffer.from(await token(), 'base64url');
    for (const at of [0, 15, 16, bytes.length - 1]) {
      const forged = Buffer.from(bytes);
      forged.writeUInt8(forged.readUInt8(at) ^ 1, at);
      expect(await fieldsOf(list({ pageToken: forged.toString('base64url') }))).toEqual(['page_token']);
    }
    expect(await fieldsOf(list({ pageToken: 'next' }))).toEqual(['page_token']);
  });
});

test('wrong fields are all named', async () => {
  const request = { orderBy: 'email', states: [UserState.UNSPECIFIED], usernamePrefix: 'a\0', pageSize: -1 };
  expect(await fieldsOf(list(request))).toEqual(['states', 'username_prefix', 'order_by', 'page_size']);
  expect(await fieldsOf(list({ states: [7 as UserState] }))).toEqual(['states']);
  expect(await fieldsOf(list({ orderBy: 'username asc; drop table users' }))).toEqual(['order_by']);
});
