import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { AccountState, OpenAccountRequest, type Account } from '@tidemark/contracts/users';
import { accountOf, runMoney, type RunningMoney } from './running-money.ts';
import { errorOf, fieldsOf, refusalsOf } from './running-users.ts';

let money: RunningMoney;
let now = 1_800_000_000_123_456;
beforeAll(async () => (money = await runMoney({ clock: () => now })));
afterAll(() => money.stop());

const nobody = '018f2c3e-7a51-7c0e-8f6b-3d2a1b4c5d6e';
const most = 2n ** 63n - 1n;
const reasonOf = async (call: Promise<unknown>): Promise<string> => (await errorOf(call)).reason;
const get = async (id: string): Promise<Account> => accountOf(await money.accounts.getAccount({ id }));

describe('an account', () => {
  test('begins empty, and is found by its id and by its user', async () => {
    const userId = await money.makeUser();
    const account = await money.open({ userId, currency: 'JPY', limitMinor: -500n });
    expect(account).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      userId,
      currency: 'JPY',
      balanceMinor: 0n,
      limitMinor: -500n,
      sequence: 0n,
      state: AccountState.OPEN,
      etag: expect.stringMatching(/./) as string,
      createTime: { seconds: 1_800_000_000n, nanos: 123_456_000 },
      updateTime: { seconds: 1_800_000_000n, nanos: 123_456_000 },
      closeTime: undefined,
    });
    expect(await get(account.id)).toEqual(account);
    expect((await money.accounts.listAccounts({ userId, pageSize: 0, pageToken: '' })).accounts).toEqual([account]);
  });

  test('is opened for a user who is there and active', async () => {
    const open = (userId: string): Promise<unknown> => money.open({ userId });
    expect(await reasonOf(open(nobody))).toBe('USER_NOT_FOUND');
    const userId = await money.makeUser();
    await money.users.deleteUser({ id: userId, etag: '' });
    const error = await errorOf(open(userId));
    expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'USER_DELETED']);
  });

  test('has a known currency, and no limit above 0', async () => {
    const request = { userId: 'x', currency: 'eur', limitMinor: 1n, requestId: 'y' };
    const fields = ['user_id', 'currency', 'limit_minor', 'request_id'];
    expect(await fieldsOf(money.accounts.openAccount(request))).toEqual(fields);
    const userId = await money.makeUser();
    expect(await fieldsOf(money.open({ userId, currency: 'ABC' }))).toEqual(['currency']);
    expect((await money.open({ userId, limitMinor: -(2n ** 63n) })).limitMinor).toBe(-(2n ** 63n));
  });

  test('is opened once by a request that comes many times at once, and not by another one under its id', async () => {
    const request = { userId: await money.makeUser(), currency: 'EUR', requestId: randomUUID() };
    const open = (over: object = {}) =>
      money.accounts.openAccount(OpenAccountRequest.fromPartial({ ...request, ...over }));
    const opened = await Promise.all(Array.from({ length: 10 }, () => open()));
    expect(new Set(opened.map((each) => accountOf(each).id)).size).toBe(1);
    expect(await reasonOf(open({ currency: 'USD' }))).toBe('REQUEST_ID_REUSED');
    await money.post({ accountId: accountOf(await open()).id, amountMinor: 5n });
    expect(accountOf(await open()).balanceMinor).toBe(5n);
  });

  test('that is not there is NOT_FOUND, whatever is asked of it', async () => {
    const { id } = await money.open();
    const calls = [
      () => money.accounts.getAccount({ id: nobody }),
      () => money.accounts.closeAccount({ id: nobody, etag: '' }),
      () => money.post({ accountId: nobody, amountMinor: 1n }),
      () => money.transfer({ fromAccountId: id, toAccountId: nobody, amountMinor: 1n }),
      () => money.transfer({ fromAccountId: nobody, toAccountId: id, amountMinor: 1n }),
    ];
    for (const call of calls) {
      const error = await errorOf(call());
      expect([error.code, error.reason, error.message]).toEqual([
        status.NOT_FOUND,
        'ACCOUNT_NOT_FOUND',
        expect.stringContaining(nobody),
      ]);
    }
  });

  test('is listed in pages, in the order of opening', async () => {
    const userId = await money.makeUser();
    const ids: string[] = [];
    for (let each = 0; each < 5; each += 1) ids.push((await money.open({ userId })).id);
    const pages: string[][] = [];
    let pageToken = '';
    do {
      const page = await money.accounts.listAccounts({ userId, pageSize: 2, pageToken });
      pages.push(page.accounts.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat().sort()).toEqual(ids.sort());
    const { nextPageToken } = await money.accounts.listAccounts({ userId, pageSize: 2, pageToken: '' });
    const other = { userId: await money.makeUser(), pageSize: 2, pageToken: nextPageToken };
    expect(await reasonOf(money.accounts.listAccounts(other))).toBe('PAGE_TOKEN_INVALID');
    expect(await fieldsOf(money.accounts.listAccounts({ userId, pageSize: -1, pageToken: '' }))).toEqual(['page_size']);
    expect((await money.accounts.listAccounts({ userId: nobody, pageSize: 0, pageToken: '' })).accounts).toEqual([]);
  });
});

describe('PostTransaction', () => {
  test('changes the balance, and says what it did', async () => {
    const account = await money.open();
    now += 5_000_000;
    const posted = await money.post({
      accountId: account.id.toUpperCase(),
      amountMinor: 1_250n,
      kind: 'deposit',
      description: "it's a 😀 deposit\n",
    });
    const time = { seconds: 1_800_000_005n, nanos: 123_456_000 };
    expect(posted.transaction).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      time,
      accountId: account.id,
      userId: account.userId,
      amountMinor: 1_250n,
      currency: 'EUR',
      kind: 'deposit',
      description: "it's a 😀 deposit\n",
      balanceAfterMinor: 1_250n,
      sequence: 1n,
    });
    expect(posted.account).toEqual({
      ...account,
      balanceMinor: 1_250n,
      sequence: 1n,
      etag: expect.not.stringMatching(account.etag) as string,
      updateTime: time,
    });
    expect(await get(account.id)).toEqual(posted.account);
  });

  test('gives each transaction a later time and the next sequence, also while the clock stands or goes back', async () => {
    const { id: accountId } = await money.open();
    now -= 3_000_000;
    const posted = [];
    for (let each = 0; each < 4; each += 1) posted.push((await money.post({ accountId, amountMinor: 1n })).transaction);
    now += 3_000_000;
    const nanos = posted.map((transaction) => transaction?.time?.nanos ?? 0);
    expect(nanos).toEqual([...new Set(nanos)].sort((a, b) => a - b));
    expect(posted.map((transaction) => transaction?.sequence)).toEqual([1n, 2n, 3n, 4n]);
  });

  test('names every field that is wrong', async () => {
    const wrong = { accountId: 'x', amountMinor: 0n, idempotencyKey: '', kind: '', description: 'a\0' };
    const fields = ['account_id', 'amount_minor', 'kind', 'description', 'idempotency_key'];
    expect(await fieldsOf(money.accounts.postTransaction(wrong))).toEqual(fields);
    const { id: accountId } = await money.open();
    const long = { accountId, amountMinor: 1n, idempotencyKey: '😀'.repeat(128), kind: '😀'.repeat(64) };
    await money.post({ ...long, description: '😀'.repeat(1_000) });
    expect(await fieldsOf(money.post({ ...long, idempotencyKey: 'k'.repeat(129) }))).toEqual(['idempotency_key']);
    expect(await fieldsOf(money.post({ ...long, kind: 'k'.repeat(65) }))).toEqual(['kind']);
    expect(await fieldsOf(money.post({ ...long, description: 'd'.repeat(1_001) }))).toEqual(['description']);
  });

  test('lets the balance fall to the limit and not below', async () => {
    const { id: accountId } = await money.open({ limitMinor: -100n });
    expect(accountOf(await money.post({ accountId, amountMinor: -100n })).balanceMinor).toBe(-100n);
    const error = await errorOf(money.post({ accountId, amountMinor: -1n }));
    expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'BALANCE_TOO_LOW']);
    expect(await get(accountId)).toMatchObject({ balanceMinor: -100n, sequence: 1n });
  });

  test('holds all of 64 bits and nothing beyond', async () => {
    const { id: accountId } = await money.open({ limitMinor: -(2n ** 63n), balance: most });
    const error = await errorOf(money.post({ accountId, amountMinor: 1n }));
    expect([error.code, error.reason]).toEqual([status.OUT_OF_RANGE, 'BALANCE_TOO_HIGH']);
    await money.post({ accountId, amountMinor: -most });
    expect(accountOf(await money.post({ accountId, amountMinor: -(2n ** 63n) })).balanceMinor).toBe(-(2n ** 63n));
    expect(await reasonOf(money.post({ accountId, amountMinor: -1n }))).toBe('BALANCE_TOO_HIGH');
  });

  test('leaves nothing behind where it fails, and its key is free', async () => {
    const { id: accountId } = await money.open();
    const idempotencyKey = randomUUID();
    const request = { accountId, amountMinor: -5n, idempotencyKey };
    expect(await reasonOf(money.post(request))).toBe('BALANCE_TOO_LOW');
    const { rows } = await money.sql.query(
      `select (select count(*)::int from users.outbox where lane = $1) as messages,
        (select count(*)::int from users.audit_entries where details ->> 'account_id' = $1) as entries`,
      [accountId],
    );
    expect(rows).toEqual([{ messages: 0, entries: 1 }]);
    await money.post({ accountId, amountMinor: 7n });
    expect(accountOf(await money.post(request)).balanceMinor).toBe(2n);
  });

  test('leaves an entry in the audit', async () => {
    const account = await money.open({ balance: 3n });
    const { rows } = await money.sql.query(
      `select action, user_id, details from users.audit_entries where user_id = $1 and action <> 'USER_CREATED'
       order by number`,
      [account.userId],
    );
    expect(rows).toEqual([
      { action: 'ACCOUNT_OPENED', user_id: account.userId, details: { account_id: account.id } },
      {
        action: 'TRANSACTION_POSTED',
        user_id: account.userId,
        details: { account_id: account.id, transaction_id: expect.any(String) as string },
      },
    ]);
  });
});

describe('an idempotency key', () => {
  test('gives the first outcome again, whatever the account is by then', async () => {
    const { id: accountId } = await money.open();
    const request = { accountId, amountMinor: 10n, idempotencyKey: randomUUID(), description: 'once' };
    const first = await money.post(request);
    now += 1_000_000;
    expect(await money.post(request)).toEqual(first);
    const all = { accountId, amountMinor: -10n, idempotencyKey: randomUUID(), kind: 'payout' };
    const second = await money.post(all);
    await money.accounts.closeAccount({ id: accountId, etag: '' });
    expect(await money.post(request)).toEqual(first);
    expect(await money.post(all)).toEqual(second);
    expect(await get(accountId)).toMatchObject({ balanceMinor: 0n, sequence: 2n });
  });

  test('gives the first outcome of a transfer too', async () => {
    const [from, to] = [await money.open({ balance: 100n }), await money.open()];
    const request = {
      fromAccountId: from.id,
      toAccountId: to.id,
      amountMinor: 100n,
      idempotencyKey: randomUUID(),
      description: 'rent',
    };
    const first = await money.transfer(request);
    expect(await money.transfer(request)).toEqual(first);
    expect([await money.balanceOf(from.id), await money.balanceOf(to.id)]).toEqual([0n, 100n]);
  });

  test('is one for all accounts and methods: other arguments under it are refused', async () => {
    const [from, to] = [await money.open({ balance: 100n }), await money.open({ balance: 100n })];
    const idempotencyKey = randomUUID();
    const request = { accountId: from.id, amountMinor: 1n, idempotencyKey };
    await money.post(request);
    const others = [
      money.post({ ...request, amountMinor: 2n }),
      money.post({ ...request, accountId: to.id }),
      money.post({ ...request, kind: 'fee' }),
      money.post({ ...request, description: 'other' }),
      money.transfer({ fromAccountId: from.id, toAccountId: to.id, amountMinor: 1n, idempotencyKey }),
    ];
    for (const call of others) {
      const error = await errorOf(call);
      expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'IDEMPOTENCY_KEY_REUSED']);
    }
    expect([await money.balanceOf(from.id), await money.balanceOf(to.id)]).toEqual([101n, 100n]);
  });

  test('moves money once when it comes twenty times at once', async () => {
    const [from, to] = [await money.open({ balance: 100n }), await money.open()];
    const request = { fromAccountId: from.id, toAccountId: to.id, amountMinor: 60n, idempotencyKey: randomUUID() };
    const replies = await Promise.all(Array.from({ length: 20 }, () => money.transfer(request)));
    for (const reply of replies) expect(reply).toEqual(replies[0]);
    expect([await money.balanceOf(from.id), await money.balanceOf(to.id)]).toEqual([40n, 60n]);
  });

  test('goes to one of ten different movements that come at once', async () => {
    const accounts = await Promise.all(Array.from({ length: 10 }, () => money.open()));
    const idempotencyKey = randomUUID();
    const outcomes = await Promise.allSettled(
      accounts.map(({ id: accountId }) => money.post({ accountId, amountMinor: 1n, idempotencyKey })),
    );
    expect(refusalsOf(outcomes)).toEqual(Array(9).fill('IDEMPOTENCY_KEY_REUSED'));
    const balances = await Promise.all(accounts.map(({ id }) => money.balanceOf(id)));
    expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(1n);
  });
});

describe('Transfer', () => {
  test('moves an amount, and tells of both sides', async () => {
    const [from, to] = [await money.open({ balance: 500n }), await money.open({ balance: 1n })];
    now += 1_000_000;
    const moved = await money.transfer({
      fromAccountId: from.id,
      toAccountId: to.id,
      amountMinor: 200n,
      description: 'rent',
    });
    expect(moved.fromAccount).toEqual(await get(from.id));
    expect(moved.toAccount).toEqual(await get(to.id));
    expect([moved.fromAccount?.balanceMinor, moved.toAccount?.balanceMinor]).toEqual([300n, 201n]);
    const common = { currency: 'EUR', kind: 'transfer', description: 'rent', sequence: 2n };
    expect(moved.fromTransaction).toMatchObject({ ...common, accountId: from.id, amountMinor: -200n });
    expect(moved.toTransaction).toMatchObject({ ...common, accountId: to.id, amountMinor: 200n });
    expect(moved.fromTransaction?.id).not.toBe(moved.toTransaction?.id);
  });

  test('moves nothing where one side cannot', async () => {
    const [from, to, full, dollars] = [
      await money.open({ balance: 5n }),
      await money.open(),
      await money.open({ balance: most }),
      await money.open({ currency: 'USD' }),
    ];
    const reasons = [
      await reasonOf(money.transfer({ fromAccountId: from.id, toAccountId: to.id, amountMinor: 6n })),
      await reasonOf(money.transfer({ fromAccountId: from.id, toAccountId: full.id, amountMinor: 1n })),
      await reasonOf(money.transfer({ fromAccountId: from.id, toAccountId: dollars.id, amountMinor: 1n })),
    ];
    expect(reasons).toEqual(['BALANCE_TOO_LOW', 'BALANCE_TOO_HIGH', 'CURRENCIES_DIFFER']);
    const balances = await Promise.all([from, to, full, dollars].map(({ id }) => money.balanceOf(id)));
    expect(balances).toEqual([5n, 0n, most, 0n]);
  });

  test('needs two accounts and a positive amount', async () => {
    const { id } = await money.open();
    const to = { toAccountId: id };
    expect(await fieldsOf(money.transfer({ fromAccountId: id.toUpperCase(), ...to, amountMinor: 1n }))).toEqual([
      'to_account_id',
    ]);
    const wrong = money.transfer({ fromAccountId: 'x', toAccountId: '', amountMinor: -1n, idempotencyKey: '' });
    expect(await fieldsOf(wrong)).toEqual(['from_account_id', 'to_account_id', 'amount_minor', 'idempotency_key']);
  });

  test('there and back at once, a hundred times: nobody waits for ever, and the money is all there', async () => {
    const [one, other] = [await money.open({ balance: 1_000n }), await money.open({ balance: 1_000n })];
    const transfers = Array.from({ length: 100 }, (_, number) => {
      const [from, to] = number % 2 ? [one, other] : [other, one];
      return money.transfer({ fromAccountId: from.id, toAccountId: to.id, amountMinor: BigInt(1 + (number % 7)) });
    });
    await Promise.all(transfers);
    expect((await money.balanceOf(one.id)) + (await money.balanceOf(other.id))).toBe(2_000n);
    expect(await get(one.id)).toMatchObject({ sequence: 101n });
  });
});

describe('a user who is deleted or locked', () => {
  test('has frozen accounts: they are read and closed, and no money moves', async () => {
    const [account, other] = [await money.open({ balance: 10n }), await money.open({ balance: 10n })];
    const calls = () => [
      money.post({ accountId: account.id, amountMinor: 1n }),
      money.transfer({ fromAccountId: account.id, toAccountId: other.id, amountMinor: 1n }),
      money.transfer({ fromAccountId: other.id, toAccountId: account.id, amountMinor: 1n }),
    ];
    await money.sql.query(`update users.users set state = 'LOCKED', lock_time = now() where id = $1`, [account.userId]);
    for (const call of calls()) {
      const error = await errorOf(call);
      expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'USER_LOCKED']);
    }
    expect(await reasonOf(money.open({ userId: account.userId }))).toBe('USER_LOCKED');
    await money.sql.query(`update users.users set state = 'ACTIVE', lock_time = null where id = $1`, [account.userId]);
    await money.users.deleteUser({ id: account.userId, etag: '' });
    for (const call of calls()) expect(await reasonOf(call)).toBe('USER_DELETED');
    expect(await money.balanceOf(account.id)).toBe(10n);
    await money.users.undeleteUser({ id: account.userId, etag: '' });
    await money.post({ accountId: account.id, amountMinor: -10n });
    await money.users.deleteUser({ id: account.userId, etag: '' });
    const closed = await money.accounts.closeAccount({ id: account.id, etag: '' });
    expect(closed.account?.state).toBe(AccountState.CLOSED);
  });
});

describe('CloseAccount', () => {
  test('closes an empty account for good', async () => {
    const account = await money.open();
    const closed = accountOf(await money.accounts.closeAccount({ id: account.id, etag: account.etag }));
    expect(closed).toMatchObject({ state: AccountState.CLOSED, closeTime: closed.updateTime });
    expect(closed.etag).not.toBe(account.etag);
    expect(await get(account.id)).toEqual(closed);
    const { id } = await money.open({ balance: 1n });
    const reasons = [
      await reasonOf(money.accounts.closeAccount({ id: account.id, etag: '' })),
      await reasonOf(money.post({ accountId: account.id, amountMinor: 1n })),
      await reasonOf(money.transfer({ fromAccountId: id, toAccountId: account.id, amountMinor: 1n })),
    ];
    expect(reasons).toEqual(Array(3).fill('ACCOUNT_CLOSED'));
  });

  test('refuses an account with a balance, of either sign, and one that has changed since', async () => {
    const [credit, debit] = [await money.open({ balance: 1n }), await money.open({ limitMinor: -5n, balance: -5n })];
    for (const { id } of [credit, debit]) {
      const error = await errorOf(money.accounts.closeAccount({ id, etag: '' }));
      expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'BALANCE_NOT_ZERO']);
    }
    await money.post({ accountId: credit.id, amountMinor: -1n });
    const error = await errorOf(money.accounts.closeAccount({ id: credit.id, etag: credit.etag }));
    expect([error.code, error.reason]).toEqual([status.ABORTED, 'ETAG_MISMATCH']);
  });
});

test('without the address of the events service there is nothing to reconcile with, and it says so', async () => {
  const { id } = await money.open({ balance: 1n });
  const error = await errorOf(money.accounts.reconcileAccount({ id, startTime: undefined, endTime: undefined }));
  expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'EVENTS_UNKNOWN']);
});
