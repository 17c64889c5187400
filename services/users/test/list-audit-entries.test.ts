import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  CreateUserRequest,
  ListAuditEntriesRequest,
  UsersServiceService,
  type AuditEntry,
} from '@tidemark/contracts/users';
import { errorOf, fieldsOf, runUsers, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
let now = 1_800_000_000_000_000;
beforeAll(async () => (service = await runUsers({ clock: () => now })));
afterAll(() => service.stop());

type Request = Parameters<typeof ListAuditEntriesRequest.fromPartial>[0];
const list = (request: Request = {}) => service.audit.listAuditEntries(ListAuditEntriesRequest.fromPartial(request));
const entries = async (request: Request) => (await list(request)).entries;
const actions = async (request: Request) => (await entries(request)).map(({ action }) => action);
const at = (seconds: number) => ({ seconds: 1_800_000_000n + BigInt(seconds), nanos: 0 });

async function pages(request: Request): Promise<AuditEntry[]> {
  const { entries: page, nextPageToken } = await list(request);
  return nextPageToken === '' ? page : [...page, ...(await pages({ ...request, pageToken: nextPageToken }))];
}

/** What a user goes through, a second apart. */
async function life(): Promise<string> {
  const { id } = await service.make();
  for (const step of ['lockUser', 'unlockUser', 'deleteUser', 'undeleteUser'] as const) {
    now += 1_000_000;
    await service.users[step]({ id, etag: '' });
  }
  now += 1_000_000;
  return id;
}

test('an entry says who did what to whom, and when', async () => {
  const client = new Client(`127.0.0.1:${service.port}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = UsersServiceService.createUser;
  const metadata = new Metadata();
  metadata.set('tidemark-caller', 'gateway-7');
  const request = CreateUserRequest.fromPartial({ user: { username: 'newcomer', email: 'newcomer@example.com' } });
  const { user } = await new Promise<{ user?: { id: string } | undefined }>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, response) =>
      error ? reject(error) : resolve(response ?? {}),
    );
  });
  client.close();
  expect(await entries({ actor: 'gateway-7' })).toEqual([
    {
      id: expect.stringMatching(/^\d+$/) as string,
      time: at(0),
      actor: 'gateway-7',
      action: 'USER_CREATED',
      userId: user?.id,
      details: { password: 'none' },
    },
  ]);
});

test('by user, action and range, all of them together', async () => {
  const begin = (now - 1_800_000_000_000_000) / 1_000_000;
  const id = await life();
  await life();
  expect(await actions({ userId: id })).toEqual([
    'USER_UNDELETED',
    'USER_DELETED',
    'USER_UNLOCKED',
    'USER_LOCKED',
    'USER_CREATED',
  ]);
  expect(await actions({ userId: id, orderBy: 'time', start: at(begin + 1), end: at(begin + 3) })).toEqual([
    'USER_LOCKED',
    'USER_UNLOCKED',
  ]);
  expect(await actions({ userId: id, action: 'USER_DELETED' })).toEqual(['USER_DELETED']);
  expect(await actions({ userId: id, action: 'USER_DELETED', actor: 'nobody' })).toEqual([]);
  expect(await entries({ action: 'USER_DELETED', start: at(begin) })).toHaveLength(2);
  expect(await entries({ start: at(begin + 4), end: at(begin + 4) })).toEqual([]);
});

test.each(['time', 'time desc', ''])(
  'pages by "%s" hold every entry once, also those of one instant',
  async (orderBy) => {
    const frozen = now;
    const { id } = await service.make();
    for (let i = 0; i < 10; i += 1) {
      await service.users.lockUser({ id, etag: '' });
      await service.users.unlockUser({ id, etag: '' });
    }
    expect(now).toBe(frozen);
    const whole = await entries({ userId: id, orderBy });
    expect(whole).toHaveLength(21);
    for (const pageSize of [1, 2, 7, 21]) expect(await pages({ userId: id, orderBy, pageSize })).toEqual(whole);
  },
);

test('wrong fields are all named, and a token is good for its list alone', async () => {
  const wrong = { userId: 'me', action: 'USER_FORGOTTEN', orderBy: 'actor', pageSize: -1, actor: 'a\0' };
  expect(await fieldsOf(list(wrong))).toEqual(['user_id', 'actor', 'action', 'order_by', 'page_size']);
  expect(await fieldsOf(list({ start: at(1), end: at(0) }))).toEqual(['end']);
  expect(await fieldsOf(list({ start: { seconds: 0n, nanos: -1 } }))).toEqual(['start']);
  const everything = {
    start: { seconds: -9_999_999_999_999n, nanos: 0 },
    end: { seconds: 9_999_999_999_999n, nanos: 0 },
  };
  expect((await entries(everything)).length).toBeGreaterThan(0);

  const { nextPageToken } = await list({ pageSize: 1 });
  const error = await errorOf(list({ pageSize: 1, orderBy: 'time', pageToken: nextPageToken }));
  expect([error.code, error.reason]).toEqual([status.INVALID_ARGUMENT, 'PAGE_TOKEN_INVALID']);
});

test('the service itself can change no entry and remove none', async () => {
  await service.sql.query('set role tidemark_users');
  for (const statement of [`update users.audit_entries set actor = 'nobody'`, 'delete from users.audit_entries']) {
    await expect(service.sql.query(statement)).rejects.toMatchObject({ code: '42501' });
  }
  await service.sql.query('reset role');
});
