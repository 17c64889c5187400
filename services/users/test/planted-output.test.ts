import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { Transaction, TransactionsServiceService } from '@tidemark/contracts/events';
import { BadRequest, Status } from '@tidemark/contracts/rpc';
import { UsersServiceService } from '@tidemark/contracts/users';
import { rpcClient } from '@tidemark/grpc-kit';
import { ServiceProcess, silentLog, type TestDatabase } from '@tidemark/testing';
import { Client, escapeLiteral } from 'pg';
import { mailbox, tokenIn } from './mailbox.ts';
import { readKeptRows } from './planted/kept-rows.ts';
import { readLeaks } from './planted/read-leaks.ts';
import { errorOf, freshDatabase, noLinks, runUsers } from './running-users.ts';

// What is kept here is kept apart: the leaks of this file are not to fail the run that it is in.
const ofTheRun = process.env['TEST_OUTPUT_DIR'];
const parent = await mkdtemp(join(tmpdir(), 'tidemark-leaks-'));
const clean = join(parent, 'clean');
let dir: string;
let secrets: Record<string, string>;
let database: TestDatabase;
let sql: Client;

beforeAll(async () => {
  await mkdir(clean);
  process.env['TEST_OUTPUT_DIR'] = clean;
  secrets = await converse();
  database = await freshDatabase();
  sql = new Client(database.url);
  await sql.connect();
});

beforeEach(async () => {
  dir = await mkdtemp(join(parent, 'leak-'));
  await cp(clean, dir, { recursive: true });
  process.env['TEST_OUTPUT_DIR'] = dir;
});

afterAll(async () => {
  await sql.end();
  await database.stop();
  if (ofTheRun === undefined) delete process.env['TEST_OUTPUT_DIR'];
  else process.env['TEST_OUTPUT_DIR'] = ofTheRun;
  await rm(parent, { recursive: true });
});

/** A user has a password and is mailed a token. @returns the secrets of it */
async function converse(): Promise<Record<string, string>> {
  const box = await mailbox();
  const server = { host: '127.0.0.1', port: box.port, secure: false, requireTls: false, auth: undefined };
  const mail = { transport: { to: 'smtp', ...server }, from: 'no-reply@example.com', links: noLinks } as const;
  const service = await runUsers({}, { mail });
  const [password, address] = ['seven "purple" walruses', '2001:db8::7f3a'];
  const { id, email } = await service.make({}, password);
  await service.credentials.verifyPassword({ user: { $case: 'id', value: id }, password, address });
  await service.credentials.requestPasswordReset({ email, address });
  const token = tokenIn(await box.next(email));
  const { rows } = await service.sql.query<{ password_hash: string; token_hash: string }>(`
    select split_part(password_hash, '$', 6) as password_hash, encode(hash, 'base64') as token_hash
    from users.credentials join users.tokens using (user_id)`);
  await errorOf(service.make({}, 'short'));
  await service.stop();
  await box.stop();
  return { password, address, email, token, ...rows[0] };
}

test('an ordinary conversation leaks nothing', () => {
  expect(readLeaks(dir)).toEqual([]);
});

test('the address of a database that is away is no secret', () => {
  const address = { address: '172.17.0.2', port: 5432 };
  const refused = { code: 'ECONNREFUSED', errno: -111, syscall: 'connect', ...address };
  const err = Object.assign(new Error('connect ECONNREFUSED 172.17.0.2:5432'), refused);
  silentLog('users').debug({ err }, 'call failed');
  expect(readLeaks(dir)).toEqual([]);
});

// Where a text can get out.
const ways: Record<string, (text: string) => unknown> = {
  log: (text) => silentLog('users').debug({ err: new Error('it failed', { cause: new Error(text) }) }, 'call failed'),
  console: (text) => console.debug({ query: [text] }),
  error: (text) => failedCall(text, new Metadata()),
  'error with trailers': (text) => {
    const trailers = new Metadata();
    const violation = { field: 'x', description: text };
    const value = Buffer.from(BadRequest.encode(BadRequest.fromPartial({ fieldViolations: [violation] })).finish());
    const details = Status.fromPartial({ details: [{ typeUrl: 'type.googleapis.com/google.rpc.BadRequest', value }] });
    trailers.set('grpc-status-details-bin', Buffer.from(Status.encode(details).finish()));
    return failedCall('it failed', trailers);
  },
  event: async (text) => {
    const nobody = rpcClient(TransactionsServiceService, '127.0.0.1:1');
    await errorOf(nobody.recordTransactions({ transactions: [Transaction.fromPartial({ description: text })] }));
    nobody.close();
  },
  'row of the audit': (text) =>
    keptRows([
      `insert into users.audit_entries (time, actor, action, details)
       values (now(), 'me', 'USER_CREATED', ${asJson({ name: text })})`,
    ]),
  // A relay deletes what it delivered.
  'row of the outbox': (text) =>
    keptRows([
      `insert into users.outbox (kind, lane, payload) values ('TRANSACTION', 'a', ${asJson({ description: text })})`,
      'delete from users.outbox',
    ]),
};

const asJson = (value: unknown): string => escapeLiteral(JSON.stringify(value));

async function keptRows(statements: readonly string[]): Promise<void> {
  await sql.query(['truncate kept.rows', ...statements].join(';'));
  await readKeptRows(database.url);
}

/** A call that a server ends with an error. */
async function failedCall(details: string, metadata: Metadata): Promise<void> {
  const server = new Server();
  server.addService(UsersServiceService, {
    unlockUser: (_: unknown, done: (error: object) => void) => done({ code: status.INTERNAL, details, metadata }),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const users = rpcClient(UsersServiceService, `127.0.0.1:${port}`);
  await errorOf(users.unlockUser({ id: '', etag: '' }));
  users.close();
  server.forceShutdown();
}

const kinds = ['password', 'address', 'email', 'token', 'password_hash', 'token_hash'];
const leaks = Object.keys(ways).flatMap((way) => kinds.map((kind) => [way, kind] as const));

test.each(leaks)('by %s, a leak of the %s is found and told without it', async (way, kind) => {
  const secret = secrets[kind] ?? '';
  await ways[way]?.(`somebody has ${secret} today`);
  const [leak, ...more] = readLeaks(dir);
  expect(more).toEqual([]);
  expect(leak?.channel).toBe(way.split(' ')[0]);
  expect(leak?.test).toMatch(/^planted-output\.test\.ts by .*, a leak of the/);
  expect(leak?.around).toContain('somebody has █████ today');
  expect(JSON.stringify(leak)).not.toContain(secret);
});

test.each([
  ['a hash of argon2', '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaA'],
  ['a verifier of SCRAM', 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'],
  ['a mail address', 'ädä.l+x@sub.bücher.example'],
  ['an IP address', '198.51.100.7'],
])('%s is found that nobody sent', (what, value) => {
  silentLog('users').info(`somebody has ${value}, today`);
  expect(readLeaks(dir)).toEqual([expect.objectContaining({ what, channel: 'log' })]);
});

test.each(['127.0.0.1:4000', 'on PostgreSQL 17.12', 'at node:internal/process', 'short', '@tidemark/users'])(
  'nothing is found in %j',
  (text) => {
    silentLog('users').info(text);
    expect(readLeaks(dir)).toEqual([]);
  },
);

test('what a service logs that runs as a process is looked through too', async () => {
  const env = { USERS_HOST: '127.0.0.2' };
  const service = await ServiceProcess.start({ service: 'users', databaseUrl: database.url, code: 'src', env });
  await service.stop();
  expect(readLeaks(dir)).toEqual([expect.objectContaining({ what: 'an IP address', channel: 'log' })]);
});

test('a run of jest in which a service leaks fails, and names the test', async () => {
  const { code, text } = await runOf('leaking.ts');
  expect(text).toMatch(/1 passed/);
  expect(text).toMatch(/a mail address in log of leaking\.ts a service that leaks\n.*nobody is █████/);
  expect(code).toBe(1);
});

/** A run of this project's jest with one file. */
function runOf(file: string): Promise<{ code: unknown; text: string }> {
  const jest = join(import.meta.dirname, '../../../node_modules/jest/bin/jest.js');
  const options = { cwd: join(import.meta.dirname, '..') };
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      ['--experimental-vm-modules', jest, '--testMatch', `<rootDir>/test/planted/${file}`],
      options,
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, text: stdout + stderr }),
    ),
  );
}
