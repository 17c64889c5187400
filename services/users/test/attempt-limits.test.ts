import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import {
  CreateUserRequest,
  CredentialsServiceService,
  UsersServiceService,
  type VerifyPasswordRequest,
} from '@tidemark/contracts/users';
import { rpcClient, type RpcError } from '@tidemark/grpc-kit';
import { silentLog, testServerUrl, until } from '@tidemark/testing';
import { Client } from 'pg';
import { Database } from '../src/db/database.ts';
import { pruneCredentials } from '../src/db/prune-credentials.ts';
import { create } from '../src/service.ts';
import { retryAfterMs } from './retry-info.ts';
import { configFor, errorOf, limits, refusalsOf, runUsers, type RunningUsers } from './running-users.ts';

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one backend.');
const onRealServer = testServerUrl ? test : test.skip;

const password = 'seven purple walruses';
const perAccount = 5;
const perAddress = 12;
const [home, elsewhere, nearby] = ['203.0.113.7', '198.51.100.20', '198.51.100.21'];
const hourMs = 3_600_000;

let service: RunningUsers;
let nowMs = Date.now();
const clock = (): number => nowMs * 1_000;
const limited = { ...limits, attemptsPerAccount: perAccount, attemptsPerAddress: perAddress };

beforeAll(async () => (service = await runUsers({ clock }, { limits: limited })));
afterAll(() => service.stop());
// All budgets are full again.
beforeEach(() => void (nowMs += 2 * hourMs));

type Key = NonNullable<VerifyPasswordRequest['user']>;
const byId = (value: string): Key => ({ $case: 'id', value });
const verify = (user: Key, text: string, address: string = elsewhere) =>
  service.credentials.verifyPassword({ user, password: text, address });

async function fail(user: Key, times: number, address?: string): Promise<void> {
  for (let i = 0; i < times; i += 1) expect((await verify(user, 'wrong', address)).verified).toBe(false);
}

function told(error: RpcError) {
  const { code, reason, message, metadata, fields } = error;
  return { code, reason, message, metadata, fields, retryAfterMs: retryAfterMs(error) };
}

test('strangers have so many attempts on an account, and one more after the time that they are told', async () => {
  const { id } = await service.make({}, password);
  await fail(byId(id), perAccount);
  const error = await errorOf(verify(byId(id), password));
  expect(told(error)).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'ATTEMPTS_LIMITED' });
  expect(retryAfterMs(error)).toBe(hourMs / perAccount);

  nowMs += hourMs / perAccount - 1;
  expect((await errorOf(verify(byId(id), password))).reason).toBe('ATTEMPTS_LIMITED');
  nowMs += 1;
  expect((await verify(byId(id), 'wrong')).verified).toBe(false);
  expect((await errorOf(verify(byId(id), 'wrong'))).reason).toBe('ATTEMPTS_LIMITED');
});

test('users who are not there are limited in the same way and words', async () => {
  const { id, username, email } = await service.make({}, password);
  const known: Key[] = [byId(id), { $case: 'username', value: username }, { $case: 'email', value: email }];
  const unknown: Key[] = [
    byId(randomUUID()),
    { $case: 'username', value: 'nobody' },
    { $case: 'email', value: 'nobody@example.com' },
  ];
  const errors = new Set<string>();
  for (const [index, key] of [...known, ...unknown].entries()) {
    await fail(key, perAccount, `192.0.2.${index}`);
    errors.add(JSON.stringify(told(await errorOf(verify(key, 'wrong', `192.0.2.${index}`)))));
  }
  expect([...errors]).toHaveLength(1);
});

test('what is wrong in another case of the name counts as well', async () => {
  const { username } = await service.make({}, password);
  await fail({ $case: 'username', value: username }, perAccount);
  const upper: Key = { $case: 'username', value: username.toUpperCase() };
  expect((await errorOf(verify(upper, 'wrong'))).reason).toBe('ATTEMPTS_LIMITED');
});

test('strangers do not lock the owner out of where the password was right before', async () => {
  const { id } = await service.make({}, password);
  expect((await verify(byId(id), password, home)).verified).toBe(true);
  await fail(byId(id), perAccount, elsewhere);
  await errorOf(verify(byId(id), 'wrong', elsewhere));
  expect((await verify(byId(id), password, home)).verified).toBe(true);

  // Nor can an address be used up for the accounts that know it.
  for (let others = 0; others < perAddress; others += 1) await fail(byId(randomUUID()), 1, home);
  expect((await errorOf(verify(byId(randomUUID()), 'wrong', home))).reason).toBe('ATTEMPTS_LIMITED');
  expect((await verify(byId(id), password, home)).verified).toBe(true);

  await fail(byId(id), perAccount, home);
  expect((await errorOf(verify(byId(id), password, home))).reason).toBe('ATTEMPTS_LIMITED');
});

test('an address has so many attempts on all accounts together, and another one still has its own', async () => {
  for (let i = 0; i < perAddress; i += 1) await fail(byId(randomUUID()), 1);
  expect((await errorOf(verify(byId(randomUUID()), 'wrong'))).reason).toBe('ATTEMPTS_LIMITED');
  await fail(byId(randomUUID()), 1, nearby);
  // Where the caller knows no address, there is none to count.
  await fail(byId(randomUUID()), 1, '');
});

test('an attempt that is refused costs nothing: an exhausted address exhausts no account, nor an account an address', async () => {
  for (let i = 0; i < perAddress; i += 1) await fail(byId(randomUUID()), 1);
  const { id } = await service.make({}, password);
  for (let i = 0; i < perAccount; i += 1) {
    expect((await errorOf(verify(byId(id), 'wrong'))).reason).toBe('ATTEMPTS_LIMITED');
  }
  await fail(byId(id), perAccount, nearby);

  for (let i = 0; i < perAddress; i += 1) {
    expect((await errorOf(verify(byId(id), 'wrong', home))).reason).toBe('ATTEMPTS_LIMITED');
  }
  for (let i = 0; i < perAddress; i += 1) await fail(byId(randomUUID()), 1, home);
});

test('a network of IPv6 is one address, and so is an IPv4 address within one of IPv6', async () => {
  for (let i = 0; i < perAddress; i += 1) await fail(byId(randomUUID()), 1, `2001:db8:1:2:${i.toString(16)}::7`);
  expect((await errorOf(verify(byId(randomUUID()), 'wrong', '2001:db8:1:2::1'))).reason).toBe('ATTEMPTS_LIMITED');
  await fail(byId(randomUUID()), 1, '2001:db8:1:3::1');

  for (let i = 0; i < perAddress; i += 1) await fail(byId(randomUUID()), 1, '::ffff:192.0.2.99');
  expect((await errorOf(verify(byId(randomUUID()), 'wrong', '192.0.2.99'))).reason).toBe('ATTEMPTS_LIMITED');
});

test('what is right costs nothing', async () => {
  const { id } = await service.make({}, password);
  for (let i = 0; i < 3 * perAccount; i += 1) expect((await verify(byId(id), password, '')).verified).toBe(true);
  await fail(byId(id), perAccount, '');
});

test('what is right costs nothing either when its caller is gone by then', async () => {
  // A hash that takes longer than the caller waits.
  const slow = await create(
    { ...configFor(service.databaseUrl), limits: limited, argon2: { memoryKib: 65_536, passes: 10, lanes: 1 } },
    { log: silentLog('users'), clock },
  );
  const address = `127.0.0.1:${slow.port}`;
  const [users, credentials] = [rpcClient(UsersServiceService, address), rpcClient(CredentialsServiceService, address)];
  const name = `slow${nowMs}`;
  const { user } = await users.createUser(
    CreateUserRequest.fromPartial({ user: { username: name, email: `${name}@example.com` }, password }),
  );
  const right = { user: byId(user?.id ?? ''), password, address: '' };
  expect((await credentials.verifyPassword(right)).verified).toBe(true);
  const taken = async () =>
    (await service.sql.query(`select from users.budgets where full_time > to_timestamp($1)`, [nowMs / 1_000])).rowCount;
  const before = await taken();
  const error = await errorOf(credentials.verifyPassword(right, { timeoutMs: 100 }));
  expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  await until('what was taken is given back', async () => (await taken()) === before);
  users.close();
  credentials.close();
  await slow.stop();
});

test('of many at once, as many are tried as one after another', async () => {
  const { id } = await service.make({}, password);
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => verify(byId(id), 'wrong', '')));
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(perAccount);
  expect(new Set(refusalsOf(outcomes))).toEqual(new Set(['ATTEMPTS_LIMITED']));
});

onRealServer('an address is not known for a password that is changed while it is compared', async () => {
  const { id } = await service.make({}, password);
  const changing = new Client(service.databaseUrl);
  await changing.connect();
  await changing.query('begin');
  await changing.query('select from users.users where id = $1 for update', [id]);
  const verifying = verify(byId(id), password, home);
  expect(await Promise.race([verifying, sleep(1_000, 'waits')])).toBe('waits');
  await changing.query(`update users.credentials set password_hash = 'another' where user_id = $1`, [id]);
  await changing.query('commit');
  await changing.end();
  expect((await verifying).verified).toBe(true);
  const { rows } = await service.sql.query('select from users.known_addresses where user_id = $1', [id]);
  expect(rows).toEqual([]);
});

test('all instances count together', async () => {
  const config = { ...configFor(service.databaseUrl), limits: limited };
  const other = await create(config, { log: silentLog('users'), clock });
  const credentials = rpcClient(CredentialsServiceService, `127.0.0.1:${other.port}`);
  const { id } = await service.make({}, password);
  await fail(byId(id), perAccount - 1);
  await credentials.verifyPassword({ user: byId(id), password: 'wrong', address: nearby });
  expect((await errorOf(verify(byId(id), 'wrong'))).reason).toBe('ATTEMPTS_LIMITED');
  credentials.close();
  await other.stop();
});

test('what is full or too old is pruned, and nothing else', async () => {
  await service.sql.query('delete from users.budgets; delete from users.known_addresses');
  const { id } = await service.make({}, password);
  await verify(byId(id), password, home);
  await fail(byId(id), 1, elsewhere);
  const database = new Database({ url: service.databaseUrl, poolSize: 1 });
  const left = async (laterMs: number): Promise<number[]> => {
    await pruneCredentials(database.session(), (nowMs + laterMs) * 1_000);
    const { rows } = await service.sql.query<{ budgets: number; addresses: number }>(`
      select (select count(*)::int from users.budgets) as budgets,
        (select count(*)::int from users.known_addresses) as addresses`);
    return rows.flatMap(({ budgets, addresses }) => [budgets, addresses]);
  };
  // Of the success, what was given back is full at once.
  expect(await left(0)).toEqual([2, 1]);
  expect(await left(hourMs / perAccount - 1)).toEqual([1, 1]);
  expect(await left(hourMs)).toEqual([0, 1]);
  expect(await left(90 * 24 * hourMs - 1)).toEqual([0, 1]);
  expect(await left(90 * 24 * hourMs)).toEqual([0, 0]);
  await database.close();
});

test('no address is in the database', async () => {
  const { id } = await service.make({}, password);
  await verify(byId(id), password, home);
  const { rows } = await service.sql.query<{ row: string }>(`
    select to_jsonb(b)::text as row from users.budgets b
    union all select to_jsonb(k)::text from users.known_addresses k`);
  expect(rows.length).toBeGreaterThan(0);
  for (const { row } of rows) {
    expect(row).not.toContain(home);
    expect(row).not.toContain(Buffer.from(home).toString('hex'));
  }
});

test('an address that is none is INVALID_ARGUMENT', async () => {
  const error = await errorOf(verify(byId(randomUUID()), 'wrong', '203.0.113.256'));
  expect(error.fields.map(({ field }) => field)).toEqual(['address']);
  expect(error.message).not.toContain('203.0.113.256');
});
