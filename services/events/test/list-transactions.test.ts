import { status } from '@grpc/grpc-js';
import { ListTransactionsRequest, type Transaction } from '@tidemark/contracts/events';
import { range, startEvents, type Harness } from './harness.ts';
import { accountId, history, record, transaction, userId } from './transaction.ts';

const days = range('2026-11-01T00:00:00Z', '2026-11-04T00:00:00Z');
const ofAccount = { $case: 'accountId', value: accountId(1) } as const;
const ofUser = { $case: 'userId', value: userId(1) } as const;
let harness: Harness;
let stored: Transaction[];

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
  // Several of one account at the same microsecond, with ids that go the other way.
  const own = history(
    1,
    Array.from({ length: 90 }, (_, i) => [
      `2026-11-0${1 + Math.floor(i / 30)}T00:00:0${Math.floor((i % 30) / 4)}Z`,
      1n,
    ]),
  );
  const ids = own.map(({ id }) => id).reverse();
  stored = own.map((each, index) => ({ ...each, id: ids[index] ?? '' }));
  const other = history(2, [['2026-11-02T00:00:00.000001Z', 5n]]);
  const foreign = transaction({ account: 3, user: 2, at: '2026-11-02T00:00:00Z' });
  await record(harness, ...stored, ...other, foreign);
  stored.push(...other);
});
afterAll(() => harness.stop());

type Asked = Parameters<typeof ListTransactionsRequest.fromPartial>[0];

const list = (asked: Asked): ReturnType<Harness['transactions']['listTransactions']> =>
  harness.transactions.listTransactions(ListTransactionsRequest.fromPartial(asked));

async function listAll(asked: Asked): Promise<Transaction[]> {
  const all: Transaction[] = [];
  for (let pageToken = ''; ;) {
    const page = await list({ ...asked, pageToken });
    all.push(...page.transactions);
    if (page.nextPageToken === '') return all;
    pageToken = page.nextPageToken;
  }
}

const sequences = (transactions: Transaction[]): bigint[] => transactions.map(({ sequence }) => sequence);

test.each([1, 7, 1_000])('an account is listed in its own order, %i a page, both ways', async (pageSize) => {
  const inOrder = Array.from({ length: 90 }, (_, index) => BigInt(index + 1));
  expect(sequences(await listAll({ of: ofAccount, range: days, pageSize }))).toEqual(inOrder);
  expect(sequences(await listAll({ of: ofAccount, range: days, pageSize, descending: true }))).toEqual(
    inOrder.reverse(),
  );
});

test('a user is listed over all accounts, by time, and nobody else', async () => {
  const listed = await listAll({ of: ofUser, range: days, pageSize: 10 });
  expect(listed.map(({ id }) => id).sort()).toEqual(stored.map(({ id }) => id).sort());
  const times = listed.map(({ time }) => Number(time?.seconds) * 1e6 + (time?.nanos ?? 0) / 1e3);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(new Set(listed.map((each) => each.accountId))).toEqual(new Set([accountId(1), accountId(2)]));
});

test('the range is half-open', async () => {
  const listed = await listAll({ of: ofAccount, range: range('2026-11-01T00:00:02Z', '2026-11-01T00:00:03Z') });
  expect(sequences(listed)).toEqual([9n, 10n, 11n, 12n]);
});

test('a page is 50 unless told otherwise, and as small as 4 MiB of descriptions make it', async () => {
  expect((await list({ of: ofAccount, range: days })).transactions).toHaveLength(50);
  const wordy = Array.from({ length: 1_000 }, (_, index) =>
    transaction({ account: 4, user: 4, description: '😀'.repeat(1_000), sequence: BigInt(index + 1) }),
  );
  await record(harness, ...wordy);
  const of = { $case: 'accountId', value: accountId(4) } as const;
  const first = await list({ of, range: days, pageSize: 1_000 });
  expect(first.transactions.length).toBeLessThan(1_000);
  expect(await listAll({ of, range: days, pageSize: 1_000 })).toHaveLength(1_000);
});

test.each<[string, Asked, string[]]>([
  ['no owner', { range: days }, ['account_id']],
  ['an account that is no UUID', { of: { $case: 'accountId', value: 'savings' }, range: days }, ['account_id']],
  [
    'a user that is no UUID and no range',
    { of: { $case: 'userId', value: '' } },
    ['user_id', 'range.start', 'range.end'],
  ],
  ['a range that ends before it starts', { of: ofUser, range: { start: days.end, end: days.start } }, ['range.end']],
  ['a negative page', { of: ofUser, range: days, pageSize: -1 }, ['page_size']],
])('%s is refused', async (_, asked, fields) => {
  await expect(list(asked)).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    fields: fields.map((field) => expect.objectContaining({ field }) as unknown),
  });
});

test('a page token counts for the same question only', async () => {
  const { nextPageToken: pageToken } = await list({ of: ofAccount, range: days, pageSize: 5 });
  const others: Asked[] = [
    { of: ofUser, range: days, pageToken },
    { of: { $case: 'accountId', value: accountId(2) }, range: days, pageToken },
    { of: ofAccount, range: range('2026-11-01T00:00:00Z', '2026-11-05T00:00:00Z'), pageToken },
    { of: ofAccount, range: days, descending: true, pageToken },
    { of: ofAccount, range: days, pageToken: `${pageToken}A` },
  ];
  for (const other of others) {
    await expect(list(other)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'PAGE_TOKEN_INVALID' });
  }
  expect(sequences((await list({ of: ofAccount, range: days, pageSize: 2, pageToken })).transactions)).toEqual([
    6n,
    7n,
  ]);
});
