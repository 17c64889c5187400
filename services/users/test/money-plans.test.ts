import { randomUUID } from 'node:crypto';
import { ListDeadLettersRequest, MessageKind, RetryDeadLettersRequest } from '@tidemark/contracts/users';
import { silentLog, testServerUrl, until, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { accountMoment } from '../src/db/account-moment.ts';
import { Database } from '../src/db/database.ts';
import { Relay } from '../src/outbox/relay.ts';
import { accountOf, runMoney } from './running-money.ts';
import { freshDatabase } from './running-users.ts';

// A table of this many rows is not read through for one of them or a page; smaller ones may be.
const rows = 20_000;
const userId = randomUUID();
let testDatabase: TestDatabase;
let sql: Client;

beforeAll(async () => {
  testDatabase = await freshDatabase();
  sql = new Client(testDatabase.url);
  await sql.connect();
  await sql.query(
    `insert into users.users
     select $1, 'rich', 'rich', 'rich@x', 'rich@x', '', '', '', '', '', 'ACTIVE', false, 1, null, null, now(), now(), null`,
    [userId],
  );
  await sql.query(
    `insert into users.accounts (id, user_id, currency, state, create_time, update_time)
     select gen_random_uuid(), $1, 'EUR', 'OPEN', '2026-01-01'::timestamptz + n * interval '1 second', '2026-01-01'
     from generate_series(1, ${rows}) n`,
    [userId],
  );
  await sql.query(`
    insert into users.idempotency_keys (key, account_id, fingerprint, outcome, create_time)
    select 'key ' || n, (select id from users.accounts limit 1), '', '[]', '2026-01-01' from generate_series(1, ${rows}) n`);
  // Of kinds that the service delivers nowhere here. Half of the lanes wait for their time, and a tenth stands still.
  await sql.query(`
    insert into users.outbox (kind, lane, payload, next_attempt_time)
    select case when n % 5 = 0 then 'TRANSACTION' else 'ERASE_USER' end, 'lane' || n / 4, '{}',
      now() + n % 8 / 4 * interval '1 hour'
    from generate_series(1, ${rows}) n`);
  await sql.query(`
    insert into users.dead_letters (id, kind, lane, payload, attempts, last_error, create_time)
    select 1000000 + n, case when n % 5 = 0 then 'TRANSACTION' else 'ERASE_USER' end, 'lane' || n * 10, '{}', 1, '', now()
    from generate_series(1, ${rows}) n`);
  await sql.query('analyze');
});
afterAll(async () => {
  await sql.end();
  await testDatabase.stop();
});

/** How often each of the tables was read from one end to the other so far, by sessions that have ended and this one. */
async function wholeReads(): Promise<unknown[]> {
  if (testServerUrl) await sql.query('select pg_stat_force_next_flush()');
  const { rows: counts } = await sql.query<{ relname: string; seq_scan: number }>(`
    select relname, seq_scan::int from pg_stat_user_tables
    where schemaname = 'users' and relname in ('accounts', 'idempotency_keys', 'outbox', 'dead_letters')
    order by relname`);
  return counts;
}

test('no call of accounts, nor the relay, reads a whole table', async () => {
  const before = await wholeReads();
  const money = await runMoney({ database: { url: testDatabase.url, stop: () => Promise.resolve() } });
  const database = new Database({ url: testDatabase.url, poolSize: 1 });
  const [one, other] = [await money.open({ balance: 100n }), await money.open()];
  const transfer = {
    fromAccountId: one.id,
    toAccountId: other.id,
    amountMinor: 100n,
    idempotencyKey: randomUUID(),
  };
  expect(await money.transfer(transfer)).toEqual(await money.transfer(transfer));
  const { accounts } = await money.accounts.listAccounts({ userId: one.userId, pageSize: 5, pageToken: '' });
  expect(accounts.length).toBe(1);
  const whole = { accountId: one.id, start: 0, end: Infinity };
  expect((await accountMoment(database.session(), whole)).undeliveredCount).toBe(2n);
  expect(accountOf(await money.accounts.closeAccount({ id: one.id, etag: '' })).id).toBe(one.id);
  const page = ListDeadLettersRequest.fromPartial({ kind: MessageKind.ERASE_USER, pageSize: 10 });
  const { deadLetters, nextPageToken } = await money.outbox.listDeadLetters(page);
  await money.outbox.listDeadLetters({ ...page, pageToken: nextPageToken });
  const ids = deadLetters.map(({ id }) => id);
  await money.outbox.retryDeadLetters(RetryDeadLettersRequest.fromPartial({ ids }));
  const arrived: string[] = [];
  const relay = new Relay({
    databaseUrl: testDatabase.url,
    deliverers: {
      ERASE_USER: (messages) => {
        arrived.push(...messages.map(({ lane }) => lane));
        return Promise.resolve(new Map());
      },
    },
    attempts: { TRANSACTION: 1, ERASE_USER: 1, MAIL: 1 },
    log: silentLog('users'),
  });
  relay.start();
  await until('a thousand have arrived', () => arrived.length > 1_000);
  await relay.stop();
  await database.close();
  // A session tells what it has read when it ends, at the latest.
  await money.stop();
  expect(await wholeReads()).toEqual(before);
});
