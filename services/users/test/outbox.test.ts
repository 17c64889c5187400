import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Transaction } from '@tidemark/contracts/events';
import { ListDeadLettersRequest, MessageKind, RetryDeadLettersRequest } from '@tidemark/contracts/users';
import { freePort, silentLog, testServerUrl, until } from '@tidemark/testing';
import { create } from '../src/service.ts';
import { accountOf, runMoney, startEvents, type RunningMoney } from './running-money.ts';
import { configFor, errorOf, fieldsOf } from './running-users.ts';

const onRealServer = testServerUrl ? test : test.skip;
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: tests of locks and of several at once are skipped.');

let money: RunningMoney;
beforeAll(async () => (money = await runMoney({ withEvents: true })));
afterAll(() => money.stop());

const list = (request: Parameters<typeof ListDeadLettersRequest.fromPartial>[0] = {}) =>
  money.outbox.listDeadLetters(ListDeadLettersRequest.fromPartial(request));
const retry = (request: Parameters<typeof RetryDeadLettersRequest.fromPartial>[0]) =>
  money.outbox.retryDeadLetters(RetryDeadLettersRequest.fromPartial(request));
const whole = { startTime: undefined, endTime: undefined };
const reconcile = (id: string, range: object = {}) => money.accounts.reconcileAccount({ id, ...whole, ...range });
const timeOf = ({ time }: Pick<Transaction, 'time'>): { seconds: bigint; nanos: number } =>
  time ?? { seconds: 0n, nanos: 0 };

/** What an account's history must be: without a gap, from balance to balance, to the account's own. */
async function expectWhole(id: string): Promise<void> {
  const history = await money.historyOf(id);
  const account = accountOf(await money.accounts.getAccount({ id }));
  let balance = 0n;
  history.forEach((transaction, index) => {
    balance += transaction.amountMinor;
    expect(transaction).toMatchObject({ sequence: BigInt(index + 1), balanceAfterMinor: balance });
  });
  expect({ balanceMinor: balance, sequence: BigInt(history.length) }).toEqual({
    balanceMinor: account.balanceMinor,
    sequence: account.sequence,
  });
}

test('a transaction is in the history as the call told of it', async () => {
  const account = await money.open({ currency: 'JPY' });
  const { transaction } = await money.post({
    accountId: account.id,
    amountMinor: 2n ** 63n - 1n,
    kind: 'deposit',
    description: "it's a 😀 deposit\n\\",
  });
  await money.delivered();
  const [recorded] = await money.historyOf(account.id);
  expect({ ...recorded, receivedTime: undefined }).toEqual({ ...transaction, receivedTime: undefined });
});

test('16 clients at once: the money is all there, and each history leads to its balance', async () => {
  const accounts = await Promise.all(Array.from({ length: 8 }, () => money.open({ balance: 1_000n })));
  const pick = () => accounts[Math.floor(Math.random() * accounts.length)]?.id ?? '';
  const client = async (): Promise<number> => {
    let refused = 0;
    for (let each = 0; each < 25; each += 1) {
      const [fromAccountId, toAccountId] = [pick(), pick()];
      if (fromAccountId === toAccountId) continue;
      const amountMinor = BigInt(1 + Math.floor(Math.random() * 600));
      await money.transfer({ fromAccountId, toAccountId, amountMinor }).catch((error: unknown) => {
        expect(error).toMatchObject({ reason: 'BALANCE_TOO_LOW' });
        refused += 1;
      });
    }
    return refused;
  };
  const refusals = await Promise.all(Array.from({ length: 16 }, client));
  expect(refusals.reduce((sum, refused) => sum + refused, 0)).toBeGreaterThan(0);
  const balances = await Promise.all(accounts.map(({ id }) => money.balanceOf(id)));
  expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(8_000n);
  await money.delivered();
  for (const { id } of accounts) {
    await expectWhole(id);
    expect(await reconcile(id)).toMatchObject({ equal: true, differences: [], undeliveredCount: 0n });
  }
});

test('GetOutbox tells what waits, and since when', async () => {
  await money.delivered();
  const { backlogs } = await money.outbox.getOutbox({});
  expect(backlogs.map(({ kind }) => kind)).toEqual([MessageKind.TRANSACTION, MessageKind.MAIL, MessageKind.ERASE_USER]);
  for (const backlog of backlogs) {
    const none = { waitingCount: 0n, oldestTime: undefined, failingCount: 0n, deadCount: 0n };
    expect(backlog).toMatchObject(none);
  }
});

describe('a dead letter', () => {
  /** A transaction of an account that the history has another one for, under its id and time. */
  async function clash(): Promise<{ accountId: string; rows: () => Promise<number> }> {
    const { id: accountId } = await money.open({ balance: 10n });
    await money.delivered();
    const [first] = await money.historyOf(accountId);
    if (!first) throw new Error('the history is empty');
    await money.sql.query(
      `insert into users.outbox (kind, lane, payload) values ('TRANSACTION', $1, jsonb_build_object(
        'id', $2::text, 'timeUs', $3::text, 'accountId', $1::text, 'userId', $4::text, 'amountMinor', '11',
        'currency', 'EUR', 'kind', 'other', 'description', '', 'balanceAfterMinor', '21', 'sequence', '2'))`,
      [
        accountId,
        first.id,
        String(timeOf(first).seconds * 1_000_000n + BigInt(timeOf(first).nanos) / 1_000n),
        first.userId,
      ],
    );
    const rows = async () =>
      (await money.sql.query('select from users.dead_letters where lane = $1', [accountId])).rowCount;
    await until('it is a dead letter', async () => (await rows()) !== 0);
    return { accountId, rows: async () => (await rows()) ?? 0 };
  }

  test('is what the events service refuses for good: it is listed, its lane stands still, and it can be retried', async () => {
    const { accountId, rows } = await clash();
    const { deadLetters } = await list({ kind: MessageKind.TRANSACTION });
    expect(deadLetters).toEqual([
      {
        id: expect.any(BigInt) as bigint,
        kind: MessageKind.TRANSACTION,
        lane: accountId,
        attempts: 1,
        lastError: expect.stringMatching(/^CONFLICT: Another transaction has/) as string,
        createTime: expect.anything() as object,
        deadTime: expect.anything() as object,
      },
    ]);
    await money.post({ accountId, amountMinor: 5n });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await money.historyOf(accountId)).length).toBe(1);
    expect(await money.backlog()).toMatchObject({ waitingCount: 1n, deadCount: 1n });

    // It is refused again, and stays before what is behind it.
    const [letter] = deadLetters;
    expect(await retry({ ids: [letter?.id ?? 0n, 0n] })).toEqual({ retriedCount: 1n });
    await until('it is a dead letter again', async () => (await rows()) !== 0);
    expect((await list()).deadLetters[0]).toMatchObject({ id: letter?.id, attempts: 1 });

    await money.sql.query('delete from users.dead_letters where lane = $1', [accountId]);
    await money.delivered();
    await expectWhole(accountId);
  });

  test('of a kind are retried together, and listed in pages', async () => {
    for (let each = 0; each < 3; each += 1) await clash();
    const first = await list({ pageSize: 2 });
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    expect([first.deadLetters.length, second.deadLetters.length, second.nextPageToken]).toEqual([2, 1, '']);
    expect((await list({ kind: MessageKind.MAIL })).deadLetters).toEqual([]);
    const other = list({ kind: MessageKind.MAIL, pageToken: first.nextPageToken });
    expect((await errorOf(other)).reason).toBe('PAGE_TOKEN_INVALID');
    expect(await retry({ kind: MessageKind.MAIL })).toEqual({ retriedCount: 0n });
    expect(await retry({ kind: MessageKind.TRANSACTION })).toEqual({ retriedCount: 3n });
    await money.sql.query(`delete from users.outbox; delete from users.dead_letters`);
  });

  test('is asked for by ids or by a kind', async () => {
    expect(await fieldsOf(retry({}))).toEqual(['ids']);
    expect(await fieldsOf(retry({ ids: [1n], kind: MessageKind.MAIL }))).toEqual(['ids']);
    expect(await fieldsOf(retry({ ids: Array.from({ length: 1_001 }, () => 1n) }))).toEqual(['ids']);
    expect(await fieldsOf(retry({ kind: 9 as never }))).toEqual(['kind']);
    expect(await fieldsOf(list({ kind: 9 as never, pageSize: -1 }))).toEqual(['kind', 'page_size']);
  });
});

describe('ReconcileAccount', () => {
  test('compares a part of the history too', async () => {
    const { id: accountId } = await money.open({ limitMinor: -100n });
    const times = [];
    for (const amountMinor of [10n, 20n, -50n, 7n]) {
      times.push(timeOf((await money.post({ accountId, amountMinor })).transaction ?? { time: undefined }));
    }
    await money.delivered();
    const [, second, third, last] = times;
    const sums = (count: bigint, sumMinor: bigint, opening: bigint, closing: bigint) => ({
      history: expect.objectContaining({
        count,
        sumMinor,
        openingBalanceMinor: opening,
        closingBalanceMinor: closing,
      }) as object,
      expectedClosingBalanceMinor: closing,
      equal: true,
      missingSequences: [],
    });
    expect(await reconcile(accountId)).toMatchObject(sums(4n, -13n, 0n, -13n));
    expect(await reconcile(accountId, { endTime: third })).toMatchObject(sums(2n, 30n, 0n, 30n));
    expect(await reconcile(accountId, { startTime: second, endTime: last })).toMatchObject(sums(2n, -30n, 10n, -20n));
    expect(await reconcile(accountId, { startTime: third })).toMatchObject(sums(2n, -43n, 30n, -13n));
    const later = { seconds: (last?.seconds ?? 0n) + 60n, nanos: 0 };
    expect(await reconcile(accountId, { startTime: later })).toMatchObject({ equal: true });
    const { id } = await money.open();
    expect(await reconcile(id)).toMatchObject(sums(0n, 0n, 0n, 0n));
  });

  test('finds what is missing', async () => {
    const { id: accountId } = await money.open();
    for (let each = 0; each < 6; each += 1) await money.post({ accountId, amountMinor: 10n });
    await money.delivered();
    const sequences = ['2', '3', '6'];
    await money.sql.query('delete from events.transactions where account_id = $1 and sequence = any($2::bigint[])', [
      accountId,
      sequences,
    ]);
    const found = await reconcile(accountId);
    expect(found).toMatchObject({ equal: false, missingSequences: [2n, 3n, 6n], expectedClosingBalanceMinor: 60n });
    expect(found.differences.join(' ')).toMatch(/number of transactions: the history has 3, and the account says 6/);
  });

  test('finds an amount that is another one', async () => {
    const { id: accountId } = await money.open();
    for (let each = 0; each < 3; each += 1) await money.post({ accountId, amountMinor: 10n });
    await money.delivered();
    await money.sql.query('update events.transactions set amount_minor = 11 where account_id = $1 and sequence = 2', [
      accountId,
    ]);
    const found = await reconcile(accountId);
    expect(found).toMatchObject({ equal: false, missingSequences: [] });
    expect(found.differences).toEqual(['sum of amounts: the history has 31, and the account says 30.']);
  });

  test('refuses a range that ends before it begins, and an id that is none', async () => {
    const wrong = { startTime: { seconds: 1n, nanos: -1 }, endTime: { seconds: -1n, nanos: 0 } };
    expect(await fieldsOf(reconcile('x', wrong))).toEqual(['id', 'start_time', 'end_time']);
    const time = { seconds: 1n, nanos: 0 };
    expect(await fieldsOf(reconcile(randomUUID(), { startTime: time, endTime: time }))).toEqual(['end_time']);
    expect((await errorOf(reconcile(randomUUID()))).reason).toBe('ACCOUNT_NOT_FOUND');
  });
});

describe('while the events service is away', () => {
  test('money moves, the outbox keeps what is to be told, and it is told when the service is back', async () => {
    const port = await freePort();
    const other = await runMoney({ eventsAddress: `127.0.0.1:${port}`, outboxAttempts: 1 });
    const { id } = await other.open({ balance: 100n });
    await other.post({ accountId: id, amountMinor: -30n });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await other.backlog()).toMatchObject({ waitingCount: 2n, failingCount: 0n, deadCount: 0n });
    const error = await errorOf(other.accounts.reconcileAccount({ id, ...whole }));
    expect([error.code, error.reason]).toEqual([status.UNAVAILABLE, 'EVENTS_UNAVAILABLE']);

    let events = await startEvents(other.databaseUrl, port);
    await other.delivered();
    expect((await other.historyOf(id)).map(({ amountMinor }) => amountMinor)).toEqual([100n, -30n]);
    events.signal('SIGKILL');
    await events.exited;
    await other.post({ accountId: id, amountMinor: 1n });
    events = await startEvents(other.databaseUrl, port);
    await other.delivered();
    expect((await other.historyOf(id)).length).toBe(3);
    events.signal('SIGKILL');
    await events.exited;
    await other.stop();
  });
});

onRealServer('undelivered transactions are no difference, wherever they wait', async () => {
  const quiet = await runMoney();
  const { id } = await quiet.open({ balance: 100n });
  await quiet.post({ accountId: id, amountMinor: -30n });
  const events = await startEvents(quiet.databaseUrl);
  const second = await create(
    { ...configFor(quiet.databaseUrl), eventsAddress: events.address },
    { log: silentLog('users') },
  );
  await quiet.delivered();
  await second.stop();
  await quiet.post({ accountId: id, amountMinor: 5n });
  await quiet.post({ accountId: id, amountMinor: 6n });
  // The relay of this one has nothing to do with transactions: a lane that stands still is left alone.
  await quiet.sql.query(`
    with moved as (delete from users.outbox where payload ->> 'sequence' = '3' returning *)
    insert into users.dead_letters (id, kind, lane, payload, attempts, last_error, create_time)
    select id, kind, lane, payload, 1, 'tried', create_time from moved`);
  const third = await runMoneyOn(quiet, events.address);
  const answer = await third.accounts.reconcileAccount({ id, ...whole });
  expect(answer).toMatchObject({
    equal: true,
    undeliveredCount: 2n,
    undeliveredSumMinor: 11n,
    expectedClosingBalanceMinor: 70n,
    history: { count: 2n, closingBalanceMinor: 70n },
    account: { balanceMinor: 81n },
  });
  await third.stop();
  events.signal('SIGKILL');
  await events.exited;
  await quiet.stop();
});

/** Another instance on the same database. */
function runMoneyOn({ databaseUrl }: RunningMoney, eventsAddress: string): Promise<RunningMoney> {
  return runMoney({ database: { url: databaseUrl, stop: () => Promise.resolve() }, eventsAddress });
}
