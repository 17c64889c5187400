import { status } from '@grpc/grpc-js';
import { TransactionRejectionReason, type Transaction } from '@tidemark/contracts/events';
import { random, testServerUrl } from '@tidemark/testing';
import pg from 'pg';
import { range, startEvents, timestamp, uuid, type Harness } from './harness.ts';
import { accountId, history, record, transaction } from './transaction.ts';

const onRealServer = testServerUrl ? test : test.skip;
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one writer at a time.');

const clock = (): number => Date.parse('2026-11-20T00:00:00Z') * 1_000;
const year = range('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z');
let harness: Harness;
beforeAll(async () => (harness = await startEvents({ clock })));
afterAll(() => harness.stop());

/** All that is stored of an account, as it was sent. */
async function storedOf(account: number): Promise<Transaction[]> {
  const of = { $case: 'accountId', value: accountId(account) } as const;
  const page = { pageSize: 1_000, pageToken: '', descending: false };
  const { transactions } = await harness.transactions.listTransactions({ of, range: year, ...page });
  return transactions.map((each) => ({ ...each, receivedTime: undefined }));
}

const ofReasons = ({ rejections }: Awaited<ReturnType<typeof record>>): [number, string][] =>
  rejections.map(({ index, reason }) => [
    index,
    Object.entries(TransactionRejectionReason).find(([, number]) => number === reason)?.[0] ?? '',
  ]);

test('a transaction is stored with all that it says, to the last of 64 bits', async () => {
  const sent = [
    transaction({
      account: 10,
      at: '2026-11-01T10:00:00.123456Z',
      amountMinor: -(2n ** 63n),
      balanceAfterMinor: 2n ** 63n - 1n,
      sequence: 2n ** 63n - 1n,
      currency: 'JPY',
      kind: 'transfer',
      description: 'ein\tZeilen\numbruch \\ und "😀"',
    }),
    transaction({ account: 10, at: '2026-11-01T10:00:01Z', amountMinor: 0n }),
  ];
  expect(await record(harness, ...sent)).toEqual({ stored: 2, duplicates: 0, rejections: [] });
  expect(await storedOf(10)).toEqual(sent);
  const [first] = (
    await harness.transactions.listTransactions({
      of: { $case: 'accountId', value: accountId(10).toUpperCase() },
      range: year,
      pageSize: 1,
      pageToken: '',
      descending: false,
    })
  ).transactions;
  expect(first?.receivedTime).toEqual(timestamp('2026-11-20T00:00:00Z'));
});

test('sent again it is a duplicate, alone, in a larger request, and twice in one', async () => {
  const sent = history(11, [
    ['2026-11-01T10:00:00Z', 100n],
    ['2026-11-09T10:00:00Z', 50n],
    ['2026-11-18T10:00:00Z', -20n],
  ]);
  const [first, second, third] = sent as [Transaction, Transaction, Transaction];
  expect(await record(harness, first)).toEqual({ stored: 1, duplicates: 0, rejections: [] });
  expect(await record(harness, first)).toEqual({ stored: 0, duplicates: 1, rejections: [] });
  expect(await record(harness, third, second, first, second)).toEqual({ stored: 2, duplicates: 2, rejections: [] });
  expect(await record(harness, { ...first, id: first.id.toUpperCase() })).toMatchObject({ stored: 0, duplicates: 1 });
  expect(await storedOf(11)).toEqual(sent);
});

test('the same id and time with other content is a conflict, and costs its neighbours nothing', async () => {
  const first = transaction({ account: 12 });
  await record(harness, first);
  const others: Partial<Transaction>[] = [
    { amountMinor: 101n },
    { balanceAfterMinor: 101n },
    { sequence: 2n },
    { currency: 'USD' },
    { kind: 'fee' },
    { description: 'another' },
    { accountId: accountId(13) },
  ];
  for (const other of others) {
    const next = transaction({ account: 15 });
    const reply = await record(harness, { ...first, ...other }, next, first);
    // In one request the second one with the key is compared with the first.
    expect({ stored: reply.stored, duplicates: reply.duplicates }).toEqual({ stored: 1, duplicates: 0 });
    expect(ofReasons(reply)).toEqual([
      [0, 'CONFLICT'],
      [2, 'CONFLICT'],
    ]);
    expect(ofReasons(await record(harness, first, { ...first, ...other }))).toEqual([[1, 'CONFLICT']]);
  }
  expect(await storedOf(12)).toEqual([first]);
  expect((await record(harness, { ...first, kind: 'fee' })).rejections[0]?.message).toMatch(/^Another transaction has/);
});

test('a transaction of an account whose user was erased meanwhile is the same one', async () => {
  const first = transaction({ account: 16 });
  await record(harness, first);
  const anonymous = { ...first, userId: accountId(17) };
  expect(await record(harness, anonymous)).toEqual({ stored: 0, duplicates: 1, rejections: [] });
  expect(await storedOf(16)).toEqual([first]);
});

test('one bad transaction comes back with its index and reason, and the others are stored', async () => {
  const bad: [string, Partial<Transaction>][] = [
    ['ID_INVALID', { id: '' }],
    ['ID_INVALID', { accountId: 'savings' }],
    ['ID_INVALID', { userId: '' }],
    ['TIME_INVALID', { time: undefined }],
    ['TIME_INVALID', { time: { seconds: 1n, nanos: -1 } }],
    ['TIME_INVALID', { time: { seconds: -1n, nanos: 0 } }],
    ['TIME_IN_FUTURE', { time: timestamp('2026-11-21T00:00:00.000001Z') }],
    ['TIME_IN_FUTURE', { time: { seconds: 253_402_300_799n, nanos: 0 } }],
    ['CURRENCY_INVALID', { currency: '' }],
    ['CURRENCY_INVALID', { currency: 'eur' }],
    ['CURRENCY_INVALID', { currency: 'EURO' }],
    ['SEQUENCE_INVALID', { sequence: 0n }],
    ['SEQUENCE_INVALID', { sequence: -1n }],
    ['TEXT_INVALID', { kind: '' }],
    ['TEXT_INVALID', { kind: 'k'.repeat(65) }],
    ['TEXT_INVALID', { kind: 'a\0b' }],
    ['TEXT_INVALID', { description: 'a\0b' }],
    ['TEXT_INVALID', { description: '😀'.repeat(1_001) }],
  ];
  const good = history(
    20,
    bad.map((_, index) => [`2026-11-02T10:00:${String(index).padStart(2, '0')}Z`, 1n] as const),
  );
  const mixed = bad.flatMap(([, fields], index) => [
    { ...transaction({ account: 20 }), ...fields },
    good[index] as Transaction,
  ]);
  const reply = await record(harness, ...mixed);
  expect(ofReasons(reply)).toEqual(bad.map(([reason], index) => [2 * index, reason]));
  expect({ stored: reply.stored, duplicates: reply.duplicates }).toEqual({ stored: good.length, duplicates: 0 });
  expect(await storedOf(20)).toEqual(good);
});

test('what is just within the limits is stored', async () => {
  const edge = transaction({
    account: 21,
    time: timestamp('2026-11-21T00:00:00Z'),
    kind: '😀'.repeat(64),
    description: '😀'.repeat(1_000),
  });
  const oldest = transaction({ account: 22, time: timestamp('1970-01-01T00:00:00Z') });
  expect(await record(harness, edge, oldest)).toEqual({ stored: 2, duplicates: 0, rejections: [] });
  expect(await storedOf(21)).toEqual([edge]);
});

test('a request with none or too many is refused whole', async () => {
  const refusal = { code: status.INVALID_ARGUMENT, reason: 'FIELD_INVALID' };
  await expect(record(harness)).rejects.toMatchObject(refusal);
  const many = Array.from({ length: 5_001 }, () => transaction({ account: 23 }));
  await expect(record(harness, ...many)).rejects.toMatchObject(refusal);
  expect(await storedOf(23)).toEqual([]);
  expect(await record(harness, ...many.slice(1))).toEqual({ stored: 5_000, duplicates: 0, rejections: [] });
});

test('the role of the service may neither change nor remove transactions', async () => {
  const client = new pg.Client({ connectionString: harness.databaseUrl });
  await client.connect();
  try {
    await client.query('SET ROLE tidemark_events');
    for (const statement of ['UPDATE events.transactions SET kind = kind', 'DELETE FROM events.transactions']) {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
  } finally {
    await client.end();
  }
});

onRealServer('requests that overlap, sent at once in any order, store each transaction once', async () => {
  const seed = Number(process.env['RECORD_SEED'] ?? Date.now() % 1_000_000);
  console.info(`RECORD_SEED=${seed}`);
  const dice = random(seed);
  const all = Array.from({ length: 600 }, (_, number) =>
    transaction({ id: uuid(500_000 + number), account: 30, at: `2026-11-0${1 + (number % 9)}T10:00:00Z` }),
  );
  const other = (each: Transaction): Transaction => ({ ...each, amountMinor: 7n });
  const requests = Array.from({ length: 40 }, () => {
    const from = dice.below(all.length - 100);
    const sent = all.slice(from, from + 100);
    return dice.below(4) === 0 ? sent.map(other) : dice.below(2) === 0 ? sent : sent.toReversed();
  });
  const replies = await Promise.all(requests.map((sent) => record(harness, ...sent)));
  const ids = new Set(requests.flat().map(({ id }) => id));
  expect(replies.reduce((sum, { stored }) => sum + stored, 0)).toBe(ids.size);
  const stored = new Map((await storedOf(30)).map((each) => [each.id, each]));
  expect([...stored.keys()].sort()).toEqual([...ids].sort());
  replies.forEach(({ stored: added, duplicates, rejections }, place) => {
    const sent = requests[place] as Transaction[];
    // What a request was told fits what stands: each of its transactions is there, or another one in its place.
    const conflicting = sent.flatMap((each, index) =>
      stored.get(each.id)?.amountMinor === each.amountMinor ? [] : [index],
    );
    expect(rejections.map(({ index }) => index)).toEqual(conflicting);
    expect(added + duplicates).toBe(sent.length - conflicting.length);
  });
});
