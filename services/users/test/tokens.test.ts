import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { UpdateUserRequest, type User } from '@tidemark/contracts/users';
import type { Config } from '../src/config.ts';
import { Database } from '../src/db/database.ts';
import { pruneCredentials } from '../src/db/prune-credentials.ts';
import { mailbox, tokenIn, type Mailbox } from './mailbox.ts';
import { errorOf, fieldsOf, limits, refusalsOf, runUsers, type RunningUsers } from './running-users.ts';
import { retryAfterMs } from './retry-info.ts';
import { untilEmpty } from './until-empty.ts';

const password = 'seven purple walruses';
const another = 'eight orange penguins';
const address = '203.0.113.7';
const minuteMs = 60_000;

let box: Mailbox;
let service: RunningUsers;
let nowMs = Date.now();

beforeAll(async () => {
  box = await mailbox();
  service = await runUsers({ clock: () => nowMs * 1_000 }, { mail: mailTo(box.port), limits });
});
afterAll(async () => {
  await service.stop();
  await box.stop();
});

function mailTo(port: number): Config['mail'] {
  return {
    transport: { to: 'smtp', host: '127.0.0.1', port, secure: false, requireTls: false, auth: undefined },
    from: 'Tidemark <no-reply@example.com>',
    links: { PASSWORD_RESET: 'https://example.com/set-a-new-password#{token}', EMAIL_VERIFICATION: undefined },
  };
}

async function resetToken({ email }: User): Promise<string> {
  await service.credentials.requestPasswordReset({ email, address });
  return tokenIn(await box.next(email));
}

async function verificationToken({ id, email }: User): Promise<string> {
  await service.credentials.requestEmailVerification({ userId: id, address });
  return tokenIn(await box.next(email));
}

const reset = (token: string, newPassword = another) =>
  service.credentials.resetPassword({ token, newPassword, address: '' });
const verifyEmail = (token: string) => service.credentials.verifyEmail({ token });
const change = (userId: string, currentPassword: string, newPassword: string) =>
  service.credentials.changePassword({ userId, currentPassword, newPassword, address: '' });

async function isPassword(id: string, text: string): Promise<boolean> {
  const user = { $case: 'id', value: id } as const;
  return (await service.credentials.verifyPassword({ user, password: text, address: '' })).verified;
}

async function actionsOn(id: string): Promise<string[]> {
  const { rows } = await service.sql.query<{ action: string }>(
    'select action from users.audit_entries where user_id = $1 order by number',
    [id],
  );
  return rows.map(({ action }) => action);
}

const tokenInvalid = { code: status.FAILED_PRECONDITION, reason: 'TOKEN_INVALID' };

describe('a password', () => {
  test('is reset by the token of a mail, which also verifies the email', async () => {
    const user = await service.make({}, password);
    await service.credentials.requestPasswordReset({ email: user.email.toUpperCase(), address });
    const mail = await box.next(user.email);
    expect(mail.subject).toBe('Set a new password');
    expect(mail.text).toContain(`https://example.com/set-a-new-password#${tokenIn(mail)}`);

    expect(await reset(tokenIn(mail))).toEqual({ userId: user.id });
    expect([await isPassword(user.id, password), await isPassword(user.id, another)]).toEqual([false, true]);
    const { user: after } = await service.users.getUser({ id: user.id });
    expect(after).toMatchObject({ emailVerified: true });
    expect(after?.etag).not.toBe(user.etag);
    expect(await actionsOn(user.id)).toEqual([
      'USER_CREATED',
      'PASSWORD_RESET_REQUESTED',
      'PASSWORD_RESET',
      'EMAIL_VERIFIED',
    ]);
  });

  test('is set for a user who had none', async () => {
    const user = await service.make();
    await reset(await resetToken(user));
    expect(await isPassword(user.id, another)).toBe(true);
  });

  test('is changed by who knows the current one', async () => {
    const user = await service.make({}, password);
    await change(user.id, password, another);
    expect([await isPassword(user.id, password), await isPassword(user.id, another)]).toEqual([false, true]);
    expect(await actionsOn(user.id)).toEqual(['USER_CREATED', 'PASSWORD_CHANGED']);
  });

  test('is not changed by anybody else, and which of these, nobody is told', async () => {
    const [user, without, deleted, locked] = [
      await service.make({}, password),
      await service.make(),
      await service.make({}, password),
      await service.make({}, password),
    ];
    await service.users.deleteUser({ id: deleted.id, etag: '' });
    await lock(locked);
    const errors = new Set<string>();
    for (const [id, current] of [
      [user.id, 'wrong'],
      [without.id, password],
      [deleted.id, password],
      [locked.id, password],
      [randomUUID(), password],
    ] as const) {
      const { code, reason, message } = await errorOf(change(id, current, another));
      errors.add(JSON.stringify({ code, reason, message }));
    }
    expect([...errors].map((error) => JSON.parse(error) as unknown)).toEqual([
      expect.objectContaining({ code: status.PERMISSION_DENIED, reason: 'PASSWORD_WRONG' }),
    ]);
    expect(await isPassword(user.id, password)).toBe(true);
  });

  test('that is too short, too long or common is refused without repeating it, and leaves the token', async () => {
    const user = await service.make({}, password);
    const token = await resetToken(user);
    for (const bad of ['short12', 'x'.repeat(257), 'Password1234', 'qwertyuiop', 'ILOVEYOU123']) {
      for (const call of [reset(token, bad), change(user.id, password, bad)]) {
        const error = await errorOf(call);
        expect(error.fields.map(({ field }) => field)).toEqual(['new_password']);
        expect(JSON.stringify([error.message, error.fields])).not.toContain(bad);
      }
      const created = await errorOf(service.make({}, bad));
      expect(created.fields.map(({ field }) => field)).toEqual(['password']);
    }
    await reset(token);
  });

  test('changed by two at once is changed by one of them', async () => {
    const user = await service.make({}, password);
    const wanted = Array.from({ length: 8 }, (_, i) => `${another} ${i}`);
    const outcomes = await Promise.allSettled(wanted.map((next) => change(user.id, password, next)));
    const won = outcomes.findIndex((outcome) => outcome.status === 'fulfilled');
    expect(refusalsOf(outcomes)).toEqual(Array(7).fill('PASSWORD_WRONG'));
    expect(await isPassword(user.id, wanted[won] ?? '')).toBe(true);
  });
});

describe('an email', () => {
  test('is verified by the token of a mail', async () => {
    const user = await service.make();
    expect(await verifyEmail(await verificationToken(user))).toEqual({ userId: user.id });
    expect((await service.users.getUser({ id: user.id })).user).toMatchObject({ emailVerified: true });
    expect(await actionsOn(user.id)).toEqual(['USER_CREATED', 'EMAIL_VERIFICATION_REQUESTED', 'EMAIL_VERIFIED']);
  });

  test('that is verified, or of a user who is not active, gets no mail', async () => {
    const [verified, deleted, locked, last] = [
      await service.make(),
      await service.make(),
      await service.make(),
      await service.make(),
    ];
    await verifyEmail(await verificationToken(verified));
    await service.users.deleteUser({ id: deleted.id, etag: '' });
    await lock(locked);
    const sent = box.mails.length;
    for (const { id, email } of [verified, deleted, locked]) {
      await service.credentials.requestEmailVerification({ userId: id, address });
      if (id !== verified.id) await service.credentials.requestPasswordReset({ email, address });
    }
    await service.credentials.requestEmailVerification({ userId: randomUUID(), address });
    await service.credentials.requestPasswordReset({ email: 'nobody@example.com', address });
    await untilEmpty(service.sql);
    expect(box.mails.slice(sent)).toEqual([]);
    expect(await verificationToken(last)).toMatch(/./);
  });
});

describe('a token', () => {
  test('works once', async () => {
    const user = await service.make({}, password);
    const token = await resetToken(user);
    await reset(token);
    expect(await errorOf(reset(token, `${another} 2`))).toMatchObject(tokenInvalid);
    expect(await isPassword(user.id, another)).toBe(true);
  });

  test('used by many at once works for exactly one', async () => {
    const [user, fresh] = [await service.make({}, password), await service.make()];
    const token = await resetToken(user);
    const wanted = Array.from({ length: 12 }, (_, i) => `${another} ${i}`);
    const outcomes = await Promise.allSettled(wanted.map((next) => reset(token, next)));
    expect(refusalsOf(outcomes)).toEqual(Array(11).fill('TOKEN_INVALID'));
    const won = outcomes.findIndex((outcome) => outcome.status === 'fulfilled');
    expect(await isPassword(user.id, wanted[won] ?? '')).toBe(true);

    const verification = await verificationToken(fresh);
    const others = await Promise.allSettled(wanted.map(() => verifyEmail(verification)));
    expect(refusalsOf(others)).toEqual(Array(11).fill('TOKEN_INVALID'));
  });

  test('works for ten minutes', async () => {
    const user = await service.make({}, password);
    const [first, second] = [await resetToken(user), await resetToken(user)];
    nowMs += 10 * minuteMs - 1;
    await reset(first);
    expect(await errorOf(reset(second))).toMatchObject(tokenInvalid);
    const third = await resetToken(user);
    nowMs += 10 * minuteMs;
    expect(await errorOf(reset(third))).toMatchObject(tokenInvalid);
  });

  test('is for its purpose only', async () => {
    const user = await service.make({}, password);
    expect(await errorOf(verifyEmail(await resetToken(user)))).toMatchObject(tokenInvalid);
    expect(await errorOf(reset(await verificationToken(user)))).toMatchObject(tokenInvalid);
  });

  const endings: Record<string, (user: User) => Promise<unknown>> = {
    'another one is used': async (user) => reset(await resetToken(user)),
    'the email is verified': async (user) => verifyEmail(await verificationToken(user)),
    'the password is changed': ({ id }) => change(id, password, another),
    'the email changes, even back': async ({ id, email }) => {
      await setEmail(id, `other-${email}`);
      await setEmail(id, email);
    },
    'the user is deleted, even undeleted': async ({ id }) => {
      await service.users.deleteUser({ id, etag: '' });
      await service.users.undeleteUser({ id, etag: '' });
    },
  };
  test.each(Object.keys(endings))('ends when %s', async (name) => {
    const user = await service.make({}, password);
    const [forReset, forEmail] = [await resetToken(user), await verificationToken(user)];
    await endings[name]?.(user);
    expect(await errorOf(reset(forReset))).toMatchObject(tokenInvalid);
    expect(await errorOf(verifyEmail(forEmail))).toMatchObject(tokenInvalid);
  });

  test('does not end when somebody asks for another, so that asking keeps nobody from theirs', async () => {
    const user = await service.make({}, password);
    const first = await resetToken(user);
    await resetToken(user);
    await reset(first);
  });

  test('that is none is refused', async () => {
    expect(await errorOf(reset('nothing'))).toMatchObject(tokenInvalid);
    expect(await errorOf(verifyEmail('x'.repeat(100)))).toMatchObject(tokenInvalid);
    expect(await fieldsOf(reset('', 'short'))).toEqual(['token', 'new_password']);
    expect(await fieldsOf(verifyEmail('x'.repeat(101)))).toEqual(['token']);
  });

  test('is in the database as a hash only, and goes when it is too old', async () => {
    const user = await service.make({}, password);
    const token = await resetToken(user);
    await untilEmpty(service.sql);
    const { rows } = await service.sql.query<{ row: string }>(`
      select to_jsonb(t)::text as row from users.tokens t
      union all select to_jsonb(a)::text from users.audit_entries a`);
    for (const { row } of rows) {
      expect(row).not.toContain(token);
      expect(row).not.toContain(Buffer.from(token).toString('hex'));
      expect(row).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    }
    const database = new Database({ url: service.databaseUrl, poolSize: 1 });
    const count = async (): Promise<number> => {
      const { rows: counts } = await service.sql.query<{ count: number }>(
        'select count(*)::int as count from users.tokens where user_id = $1',
        [user.id],
      );
      return counts[0]?.count ?? 0;
    };
    await pruneCredentials(database.session(), (nowMs + 10 * minuteMs - 1) * 1_000);
    expect(await count()).toBe(1);
    await pruneCredentials(database.session(), (nowMs + 10 * minuteMs) * 1_000);
    expect(await count()).toBe(0);
    await database.close();
  });
});

test('a reset forgets all addresses but its own, which strangers cannot lock out then', async () => {
  const limited = await runUsers({}, { mail: mailTo(box.port), limits: { ...limits, attemptsPerAccount: 3 } });
  const { id, email } = await limited.make({ email: 'forgetful@example.com' }, password);
  const user = { $case: 'id', value: id } as const;
  const verify = (text: string, from: string) =>
    limited.credentials.verifyPassword({ user, password: text, address: from });
  await verify(password, '192.0.2.1');
  for (let i = 0; i < 3; i += 1) await verify('wrong', '198.51.100.20');
  await limited.credentials.requestPasswordReset({ email, address });
  const token = tokenIn(await box.next(email));
  await limited.credentials.resetPassword({ token, newPassword: another, address });

  expect((await verify(another, address)).verified).toBe(true);
  expect((await errorOf(verify(another, '192.0.2.1'))).reason).toBe('ATTEMPTS_LIMITED');
  await limited.stop();
});

test('mails are limited by account and by address, whether or not the account is there', async () => {
  const few = { ...limits, mailsPerAccount: 2, mailsPerAddress: 5 };
  // While the clock stands, the waits that are told are exact.
  const limited = await runUsers({ clock: () => nowMs * 1_000 }, { mail: mailTo(box.port), limits: few });
  const { id, email } = await limited.make({ email: 'limited@example.com' });
  const ask = (to: string, from: string) => limited.credentials.requestPasswordReset({ email: to, address: from });
  const errors = [];
  for (const [to, from] of [
    [email, '192.0.2.1'],
    ['nobody@example.com', '192.0.2.2'],
  ] as const) {
    await ask(to, from);
    await ask(to.toUpperCase(), from);
    errors.push(await errorOf(ask(to, from)));
  }
  const told = errors.map((error) => [error.code, error.reason, error.message, retryAfterMs(error)]);
  expect(told[0]).toEqual([status.RESOURCE_EXHAUSTED, 'ATTEMPTS_LIMITED', expect.any(String), 30 * minuteMs]);
  expect(told[1]).toEqual(told[0]);

  const verification = () => limited.credentials.requestEmailVerification({ userId: id, address: '' });
  await verification();
  await verification();
  expect((await errorOf(verification())).reason).toBe('ATTEMPTS_LIMITED');

  for (let i = 0; i < 5; i += 1) await ask(`nobody${i}@example.com`, '192.0.2.3');
  expect((await errorOf(ask('nobody5@example.com', '192.0.2.3'))).reason).toBe('ATTEMPTS_LIMITED');
  await untilEmpty(limited.sql);
  expect(box.mails.filter(({ to }) => to === email)).toHaveLength(4);
  await limited.stop();
});

test('what is no email, id or address is INVALID_ARGUMENT', async () => {
  const asked = service.credentials.requestPasswordReset({ email: 'nobody', address: 'nowhere' });
  expect(await fieldsOf(asked)).toEqual(['email', 'address']);
  const verification = service.credentials.requestEmailVerification({ userId: 'me', address: '1.2.3' });
  expect(await fieldsOf(verification)).toEqual(['user_id', 'address']);
  const none = { userId: '', currentPassword: '', newPassword: '', address: '::g' };
  expect(await fieldsOf(service.credentials.changePassword(none))).toEqual([
    'user_id',
    'current_password',
    'new_password',
    'address',
  ]);
});

/** As LockUser does. */
async function lock({ id }: User): Promise<void> {
  await service.sql.query(`update users.users set state = 'LOCKED', lock_time = now() where id = $1`, [id]);
}

async function setEmail(id: string, email: string): Promise<void> {
  await service.users.updateUser(UpdateUserRequest.fromPartial({ user: { id, email }, updateMask: ['email'] }));
}
