import { CreateUserRequest, CredentialsServiceService, UsersServiceService } from '@tidemark/contracts/users';
import { rpcClient } from '@tidemark/grpc-kit';
import type { Client } from 'pg';
import { tokenIn } from '../mailbox.ts';
import { untilEmpty } from '../until-empty.ts';
import { failureOf, type Conversation } from './conversation.ts';

const planted = {
  password: 'planted password 7f3a',
  'new password': 'planted new password 91bc',
  'wrong password': 'planted wrong password 4410',
  email: 'planted.email.22d8@example.com',
  'other email': 'planted.other.email.77aa@example.com',
  address: '198.51.100.213',
  'wrong token': 'planted-token-5e6f',
};

/** All calls of CredentialsService, and CreateUser, which takes a password too. */
export const credentialsCalls: Conversation = async ({ port, sql, box }) => {
  const users = rpcClient(UsersServiceService, `127.0.0.1:${port}`);
  const credentials = rpcClient(CredentialsServiceService, `127.0.0.1:${port}`);
  const { password, email, address, 'new password': newPassword, 'wrong password': wrong } = planted;
  const create = (username: string) =>
    users.createUser(CreateUserRequest.fromPartial({ user: { username, email }, password }));
  const { user } = await create('planted-user');
  const id = user?.id ?? '';
  const verify = (text: string) =>
    credentials.verifyPassword({ user: { $case: 'email', value: email }, password: text, address });
  const change = (from: string, to: string) =>
    credentials.changePassword({ userId: id, currentPassword: from, newPassword: to, address });
  const reset = (token: string, to = newPassword) => credentials.resetPassword({ token, newPassword: to, address });
  const mailed = async (call: Promise<unknown>): Promise<string> => {
    await call;
    return tokenIn(await box.next(email));
  };
  const askReset = () => credentials.requestPasswordReset({ email, address });
  const askVerification = () => credentials.requestEmailVerification({ userId: id, address });

  await verify(password);
  await verify(wrong);
  await change(password, newPassword);
  const first = await hashOf(sql, id);
  const [resetToken, emailToken] = [await mailed(askReset()), await mailed(askVerification())];
  await credentials.requestPasswordReset({ email: planted['other email'], address });
  await credentials.verifyEmail({ token: emailToken });
  const usedToken = await mailed(askReset());

  const errors = [
    await failureOf(create('planted-user')),
    await failureOf(create('planted-user-2')),
    await failureOf(change(wrong, newPassword)),
    await failureOf(change(newPassword, wrong.repeat(12))),
    await failureOf(verify(wrong.repeat(12))),
    await failureOf(reset(resetToken)),
    await failureOf(reset(planted['wrong token'])),
    await failureOf(credentials.verifyEmail({ token: planted['wrong token'] })),
    await failureOf(credentials.requestPasswordReset({ email: `${email} `, address: `${address}.1` })),
  ];

  // What goes wrong inside: statements that the database refuses, with all these values in them.
  await sql.query('alter table users.credentials add constraint nothing check (false) not valid');
  errors.push(await failureOf(reset(usedToken)), await failureOf(change(newPassword, `${newPassword} 2`)));
  await sql.query('alter table users.credentials drop constraint nothing');
  await sql.query('alter table users.budgets rename to budgets_away');
  errors.push(await failureOf(verify(wrong)), await failureOf(askReset()));
  await sql.query('alter table users.budgets_away rename to budgets');
  await sql.query('alter table users.tokens rename to tokens_away');
  errors.push(await failureOf(reset(usedToken)), await failureOf(credentials.verifyEmail({ token: usedToken })));
  await sql.query('alter table users.tokens_away rename to tokens');

  // And a mail server that quotes whom it refuses.
  box.refusal = `550 <${email}> is nobody`;
  await askReset();
  await untilEmpty(sql);
  box.refusal = undefined;
  await reset(usedToken);
  for (let attempts = 0; attempts < 20; attempts += 1) await verify(wrong).catch(() => undefined);
  errors.push(await failureOf(verify(wrong)));

  users.close();
  credentials.close();
  const tokens = { 'reset token': resetToken, 'verification token': emailToken, 'used token': usedToken };
  return { planted: { ...planted, ...tokens, 'a hash': first, 'another hash': await hashOf(sql, id) }, errors };
};

/** Without its parameters, which any hash begins with. */
async function hashOf(sql: Client, id: string): Promise<string> {
  const { rows } = await sql.query<{ hash: string }>(
    `select split_part(password_hash, '$', 6) as hash from users.credentials where user_id = $1`,
    [id],
  );
  return rows[0]?.hash ?? '';
}
