import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { VerifyPasswordRequest } from '@tidemark/contracts/users';
import { listeningLog } from './listening-log.ts';
import { errorOf, fieldsOf, runUsers, type RunningUsers } from './running-users.ts';

const password = 'correct horse battery staple';
const { log, lines } = listeningLog();
let service: RunningUsers;

beforeAll(async () => {
  service = await runUsers({ log });
});
afterAll(() => service.stop());

type Key = NonNullable<VerifyPasswordRequest['user']>;
const verify = (user: Key | undefined, text: string) =>
  service.credentials.verifyPassword({ user, password: text, address: '' });
const refused = { verified: false, userId: '' };

test('the right password is verified by id, username and email', async () => {
  const { id, username, email } = await service.make({}, password);
  const verified = { verified: true, userId: id };
  expect(await verify({ $case: 'id', value: id }, password)).toEqual(verified);
  expect(await verify({ $case: 'username', value: username.toUpperCase() }, password)).toEqual(verified);
  expect(await verify({ $case: 'email', value: email.toUpperCase() }, password)).toEqual(verified);
});

test('accents may be composed or not', async () => {
  const { id } = await service.make({}, 'pa\u0301ssword');
  expect((await verify({ $case: 'id', value: id }, 'p\u00e1ssword')).verified).toBe(true);
});

test('a wrong password, nobody, one without a password and one who is deleted get the same answer', async () => {
  const [user, without, deleted] = [
    await service.make({}, password),
    await service.make(),
    await service.make({}, password),
  ];
  await service.users.deleteUser({ id: deleted.id, etag: '' });
  for (const [key, text] of [
    [{ $case: 'id', value: user.id }, `${password} `],
    [{ $case: 'id', value: user.id }, 'x'],
    [{ $case: 'id', value: randomUUID() }, password],
    [{ $case: 'username', value: 'nobody at all' }, password],
    [{ $case: 'email', value: 'nowhere' }, password],
    [{ $case: 'id', value: without.id }, password],
    [{ $case: 'id', value: without.id }, 'nobody has this password'],
    [{ $case: 'id', value: deleted.id }, password],
  ] as const) {
    expect(await verify(key, text)).toEqual(refused);
  }
  await service.users.undeleteUser({ id: deleted.id, etag: '' });
  expect((await verify({ $case: 'id', value: deleted.id }, password)).verified).toBe(true);
});

test('INVALID_ARGUMENT where no user is named or the password cannot be one', async () => {
  expect(await fieldsOf(verify(undefined, ''))).toEqual(['user', 'password']);
  expect(await fieldsOf(verify({ $case: 'id', value: 'nobody' }, 'x'.repeat(257)))).toEqual(['id', 'password']);
  expect(await fieldsOf(verify({ $case: 'email', value: '' }, password))).toEqual(['email']);
});

test('many at once all get their answer', async () => {
  const { id } = await service.make({}, password);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => verify({ $case: 'id', value: id }, i % 2 ? password : 'wrong password')),
  );
  expect(answers.filter(({ verified }) => verified)).toHaveLength(20);
});

test('neither a password nor a hash is in any reply or in the log', async () => {
  const { id, username } = await service.make({}, password);
  const { rows } = await service.sql.query('select password_hash from users.credentials where user_id = $1', [id]);
  const [{ password_hash: hash }] = rows as [{ password_hash: string }];
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);

  const clash = await errorOf(service.make({ username }, password));
  expect(clash.code).toBe(status.ALREADY_EXISTS);
  const invalid = await errorOf(service.make({ username: 'x' }, password));
  const replies = await Promise.all([
    service.users.getUser({ id }),
    service.users.batchGetUsers({ ids: [id] }),
    service.users.listUsers({ states: [], usernamePrefix: '', orderBy: '', pageSize: 0, pageToken: '' }),
    service.users.deleteUser({ id, etag: '' }),
    verify({ $case: 'id', value: id }, password),
  ]);
  const shown = [replies, clash, invalid, clash.cause, invalid.cause].map((reply) =>
    JSON.stringify(reply, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
  );
  for (const text of [...shown, ...lines.map((line) => JSON.stringify(line))]) {
    expect(text).not.toContain(password);
    expect(text).not.toContain('argon2id');
  }
  expect(lines.length).toBeGreaterThan(0);
});
