import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until, type TestDatabase } from '@tidemark/testing';
import type { Config } from '../src/config.ts';
import { Database } from '../src/db/database.ts';
import { pruneCredentials } from '../src/db/prune-credentials.ts';
import type { MailTransport } from '../src/mail/mailer.ts';
import { listeningLog } from './listening-log.ts';
import { mailbox, tokenIn, type Mailbox } from './mailbox.ts';
import { freshDatabase, noLinks, runUsers, type RunningUsers } from './running-users.ts';
import { untilEmpty } from './until-empty.ts';

const password = 'seven purple walruses';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function runWith(
  transport: MailTransport,
  config: Partial<Config> = {},
  database?: TestDatabase,
): Promise<RunningUsers> {
  const mail = { transport, from: 'Tidemark <no-reply@example.com>', links: noLinks };
  const listening = listeningLog();
  ({ lines } = listening);
  const service = await runUsers({ log: listening.log }, { mail, ...config }, database);
  closing.push(() => service.stop());
  return service;
}

let lines: unknown[][] = [];
const logged = (): string[] => lines.map((line) => JSON.stringify(line));

function smtpTo(port: number, settings: { requireTls?: boolean } = {}): MailTransport {
  return { to: 'smtp', host: '127.0.0.1', port, secure: false, requireTls: false, auth: undefined, ...settings };
}

async function openBox(port = 0): Promise<Mailbox> {
  const box = await mailbox(port);
  closing.push(() => box.stop());
  return box;
}

const ask = (service: RunningUsers, email: string) => service.credentials.requestPasswordReset({ email, address: '' });
const reset = (service: RunningUsers, token: string) =>
  service.credentials.resetPassword({ token, newPassword: password, address: '' });

test('a mail shows the code alone where no link is configured, and names the sender and the user', async () => {
  const box = await openBox();
  const service = await runWith(smtpTo(box.port));
  const { username, email } = await service.make();
  await ask(service, email);
  const { text } = await box.next(email);
  expect(text).toContain(`Hello ${username},`);
  expect(text).toMatch(/With this code:\n\n[\w-]{43}\n/);
});

test('a mail waits for an SMTP server that is away', async () => {
  const first = await mailbox();
  const { port } = first;
  await first.stop();
  const service = await runWith(smtpTo(port));
  const { email } = await service.make();
  await ask(service, email);
  await until('nobody takes it', () => logged().some((line) => line.includes('nobody takes MAIL')));
  const box = await openBox(port);
  await reset(service, tokenIn(await box.next(email)));
});

test('a mail that fails goes out again with another token, and the audit tells of one request', async () => {
  const box = await openBox();
  const service = await runWith(smtpTo(box.port));
  const { id, email } = await service.make();
  box.broken = `451 try again later, says <${email}>`;
  await ask(service, email);
  await until('it has failed', () => hasFailed(service));
  const [waiting] = await outbox(service);
  expect(waiting?.last_error).toBe('the SMTP server did not take the mail (451)');
  box.broken = undefined;
  await reset(service, tokenIn(await box.next(email)));
  const { rows } = await service.sql.query(
    `select 1 from users.audit_entries where user_id = $1 and action = 'PASSWORD_RESET_REQUESTED'`,
    [id],
  );
  expect(rows).toHaveLength(1);
});

test('a mail that fails is no dead letter, however often, and a server that closes is away', async () => {
  const box = await openBox();
  const service = await runWith(smtpTo(box.port), { outboxAttempts: 1 });
  const { email } = await service.make();
  box.broken = '451 try again later';
  await ask(service, email);
  await until('it has failed again', () => hasFailed(service, 2));
  expect((await service.sql.query('select from users.dead_letters')).rowCount).toBe(0);
  box.broken = '421 closing for tonight';
  await until('nobody takes it', () => logged().some((line) => line.includes('nobody takes MAIL')));
  const [before] = await outbox(service);
  const { broke } = box;
  // What the second answers to was begun when the first was settled.
  await until('it was tried twice more', () => box.broke > broke + 1);
  expect(await outbox(service)).toEqual([before]);
  box.broken = undefined;
  await box.next(email);
});

test('a recipient who is refused makes a dead letter, which names nobody', async () => {
  const box = await openBox();
  const service = await runWith(smtpTo(box.port));
  const { email } = await service.make();
  box.refusal = `550 there is no ${email}`;
  await ask(service, email);
  await untilEmpty(service.sql);
  const { rows } = await service.sql.query<{ last_error: string; letter: string }>(
    'select last_error, to_jsonb(d)::text as letter from users.dead_letters d',
  );
  expect(rows.map((row) => row.last_error)).toEqual(['the SMTP server does not take mail for this recipient (550)']);
  for (const text of [rows[0]?.letter ?? '', ...logged()]) expect(text).not.toContain(email);

  const database = new Database({ url: service.databaseUrl, poolSize: 1 });
  const left = async (atMs: number): Promise<number> => {
    await pruneCredentials(database.session(), atMs * 1_000);
    return (await service.sql.query('select 1 from users.dead_letters')).rows.length;
  };
  const dayMs = 24 * 3_600_000;
  expect(await left(Date.now())).toBe(1);
  expect(await left(Date.now() + dayMs)).toBe(0);
  await database.close();
});

test('nothing goes to a server without TLS where that is required', async () => {
  const box = await openBox();
  const service = await runWith(smtpTo(box.port, { requireTls: true }));
  const { email } = await service.make();
  await ask(service, email);
  await until(
    'it has failed',
    async () => logged().some((line) => line.includes('MAIL')) || (await outbox(service))[0]?.attempts !== 0,
  );
  expect(box.mails).toEqual([]);
});

test('a mail that was asked for an hour ago is not sent any more', async () => {
  const box = await openBox();
  const database = await freshDatabase();
  closing.push(() => database.stop());
  const first = await runWith(smtpTo(box.port), {}, database);
  const { email } = await first.make();
  box.broken = '451 later';
  await ask(first, email);
  await until('it has failed', () => hasFailed(first));
  // So that no attempt is under way while the mail grows old.
  await first.stopServing();
  await first.sql.query(`update users.outbox set create_time = now() - interval '61 minutes'`);
  box.broken = undefined;
  const second = await runWith(smtpTo(box.port), {}, database);
  await untilEmpty(second.sql);
  expect(box.mails).toEqual([]);
});

test('with MAIL_DIRECTORY each mail is a file that only its user may read', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tidemark-mail-'));
  closing.push(() => rm(parent, { recursive: true }));
  const path = join(parent, 'mails');
  const service = await runWith({ to: 'directory', path });
  const { email } = await service.make();
  await ask(service, email);
  await untilEmpty(service.sql);
  const [file = ''] = await readdir(path);
  expect(file).toMatch(/^[0-9a-f-]{36}\.eml$/);
  expect((await stat(join(path, file))).mode & 0o777).toBe(0o600);
  const text = await readFile(join(path, file), 'utf8');
  expect(text).toContain(`To: ${email}`);
  await reset(service, tokenIn({ to: email, subject: '', text: text.slice(text.indexOf('With this code')) }));
});

test('without either, the log tells that there was a mail, and not for whom or what', async () => {
  const service = await runWith({ to: 'log' });
  const { email } = await service.make();
  await ask(service, email);
  await untilEmpty(service.sql);
  const told = logged().filter((line) => line.includes('set SMTP_URL'));
  expect(told).toHaveLength(1);
  expect(told[0]).not.toContain(email);
  expect(told[0]).not.toMatch(/[\w-]{43}/);
});

async function outbox(service: RunningUsers): Promise<{ attempts: number; last_error: string | null }[]> {
  const { rows } = await service.sql.query<{ attempts: number; last_error: string | null }>(
    'select attempts, last_error from users.outbox',
  );
  return rows;
}

async function hasFailed(service: RunningUsers, times = 1): Promise<boolean> {
  return (await outbox(service)).some(({ attempts }) => attempts >= times);
}
