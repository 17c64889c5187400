import { random } from '@tidemark/testing';
import { status } from '@grpc/grpc-js';
import {
  Fill,
  QueryTransactionBucketsRequest,
  TimeUnit,
  type Transaction,
  type TransactionBucket,
} from '@tidemark/contracts/events';
import { iso, range, startEvents, timestamp, type Harness } from './harness.ts';
import { naiveBoundaries, type Unit } from './naive-buckets.ts';
import { accountId, history, record, transaction, userId } from './transaction.ts';

let harness: Harness;
beforeAll(async () => (harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 })));
afterAll(() => harness.stop());

type Asked = Parameters<typeof QueryTransactionBucketsRequest.fromPartial>[0];

async function buckets(asked: Asked): Promise<ReturnType<typeof plain>[]> {
  const reply = await harness.transactions.queryTransactionBuckets(QueryTransactionBucketsRequest.fromPartial(asked));
  return reply.buckets.map(plain);
}

function plain({ start, count, sumMinor, openingBalanceMinor, closingBalanceMinor }: TransactionBucket) {
  return { start: iso(start), count, sum: sumMinor, opening: openingBalanceMinor, closing: closingBalanceMinor };
}

const ofAccount = (number: number) => ({ $case: 'accountId', value: accountId(number) }) as const;
const day = { count: 1, unit: TimeUnit.DAY };

test('the balances of an account by day, with and without the days on which nothing happened', async () => {
  const sent = history(1, [
    ['2026-10-30T10:00:00Z', 500n],
    ['2026-11-01T10:00:00Z', -200n],
    ['2026-11-01T10:00:00Z', 30n],
    ['2026-11-03T23:59:59.999999Z', 70n],
    ['2026-11-05T00:00:00Z', 1n],
  ]);
  await record(harness, ...sent.toReversed());
  const asked = { of: ofAccount(1), width: day, range: range('2026-10-31T00:00:00Z', '2026-11-05T00:00:00Z') };
  const first = { start: '2026-11-01T00:00:00Z', count: 2n, sum: -170n, opening: 500n, closing: 330n };
  const second = { start: '2026-11-03T00:00:00Z', count: 1n, sum: 70n, opening: 330n, closing: 400n };
  expect(await buckets(asked)).toEqual([first, second]);
  const idle = (start: string, balance: bigint) => ({ start, count: 0n, sum: 0n, opening: balance, closing: balance });
  expect(await buckets({ ...asked, fill: Fill.ZERO })).toEqual([
    idle('2026-10-31T00:00:00Z', 500n),
    first,
    idle('2026-11-02T00:00:00Z', 330n),
    second,
    idle('2026-11-04T00:00:00Z', 400n),
  ]);
});

test('an account whose first recorded transaction finds a balance has had it before', async () => {
  await record(harness, transaction({ account: 2, sequence: 7n, amountMinor: 5n, balanceAfterMinor: 105n }));
  expect(
    await buckets({
      of: ofAccount(2),
      width: day,
      range: range('2026-10-31T00:00:00Z', '2026-11-02T00:00:00Z'),
      fill: Fill.ZERO,
    }),
  ).toEqual([
    { start: '2026-10-31T00:00:00Z', count: 0n, sum: 0n, opening: 100n, closing: 100n },
    { start: '2026-11-01T00:00:00Z', count: 1n, sum: 5n, opening: 100n, closing: 105n },
  ]);
});

test('an account that is not there has no buckets, or empty ones', async () => {
  const asked = { of: ofAccount(99), width: day, range: range('2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z') };
  expect(await buckets(asked)).toEqual([]);
  expect(await buckets({ ...asked, fill: Fill.ZERO })).toEqual([
    { start: '2026-11-01T00:00:00Z', count: 0n, sum: 0n, opening: 0n, closing: 0n },
  ]);
});

test('a sum or a balance over 64 bits is an error that says so, and one that just fits is right', async () => {
  const most = 2n ** 63n - 1n;
  const big = (account: number, fields: Parameters<typeof transaction>[0]) =>
    transaction({ account, user: 30, amountMinor: most, balanceAfterMinor: most, ...fields });
  await record(
    harness,
    big(30, { at: '2026-11-01T10:00:00Z' }),
    big(30, { at: '2026-11-01T11:00:00Z', sequence: 2n, amountMinor: -most, balanceAfterMinor: 0n }),
    big(30, { at: '2026-11-02T11:00:00Z', sequence: 3n }),
    big(30, { at: '2026-11-02T12:00:00Z', sequence: 4n }),
    big(31, { at: '2026-11-04T11:00:00Z' }),
  );
  const whole = range('2026-11-01T00:00:00Z', '2026-11-05T00:00:00Z');
  const asked = { of: ofAccount(30), width: day, range: range('2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z') };
  expect(await buckets(asked)).toMatchObject([{ count: 2n, sum: 0n }]);
  expect(await buckets({ ...asked, width: { count: 1, unit: TimeUnit.HOUR } })).toMatchObject([
    { sum: most, opening: 0n, closing: most },
    { sum: -most, opening: most, closing: 0n },
  ]);
  const refusal = { code: status.OUT_OF_RANGE, reason: 'SUM_OUT_OF_RANGE' };
  await expect(buckets({ ...asked, range: whole })).rejects.toMatchObject(refusal);
  // Neither account is over the limit, but both together are.
  const ofUser = {
    of: { $case: 'userId', value: userId(30) },
    currency: 'EUR',
    width: { unit: TimeUnit.HOUR },
  } as const;
  await expect(buckets({ ...ofUser, range: whole })).rejects.toMatchObject(refusal);
});

test.each<[string, Asked, string]>([
  ['no owner', { of: undefined }, 'account_id'],
  ['a user without a currency', { of: { $case: 'userId', value: userId(1) } }, 'currency'],
  ['a user with a word for a currency', { of: { $case: 'userId', value: userId(1) }, currency: 'euro' }, 'currency'],
  ['an account with a currency', { currency: 'EUR' }, 'currency'],
  ['no width', { width: undefined }, 'width.unit'],
  ['a zone that is none', { timeZone: 'Mars/Olympus' }, 'time_zone'],
  ['a fill that is none', { fill: 99 as Fill }, 'fill'],
  ['too many buckets', { width: { count: 1, unit: TimeUnit.SECOND } }, 'width'],
])('%s is refused', async (_, wrong, field) => {
  const asked = {
    of: ofAccount(1),
    width: day,
    range: range('2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z'),
    ...wrong,
  };
  await expect(buckets(asked)).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    fields: [expect.objectContaining({ field })],
  });
});

describe('the oracle', () => {
  const zones: Array<readonly [zone: string, at: string]> = [
    ['UTC', '2026-03-01T00:00:00Z'],
    ['America/New_York', '2026-03-08T07:00:00Z'],
    ['Europe/Berlin', '2025-10-26T01:00:00Z'],
    ['Australia/Lord_Howe', '2025-10-04T15:30:00Z'],
    ['America/Havana', '2025-11-02T05:00:00Z'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ];
  const widths: Array<readonly [count: number, unit: Unit]> = [
    [15, 'MINUTE'], [1, 'HOUR'], [5, 'HOUR'], [1, 'DAY'], [2, 'DAY'], [1, 'WEEK'], [1, 'MONTH'], [1, 'QUARTER'],
  ]; // prettier-ignore
  const dayMs = 86_400_000;
  const lookBackDays = { MINUTE: 3, HOUR: 4, DAY: 6, WEEK: 16, MONTH: 70, QUARTER: 190 };
  const seed = Number(process.env['ORACLE_SEED'] ?? Date.now() % 1_000_000);
  const dice = random(seed);
  const stored: Transaction[] = [];
  // By account: whose it is, in which currency.
  const accounts = [
    [101, 101, 'EUR'],
    [102, 101, 'EUR'],
    [103, 101, 'USD'],
    [104, 102, 'EUR'],
  ] as const;
  const msOf = ({ time }: Transaction): number => Number(time?.seconds) * 1_000 + (time?.nanos ?? 0) / 1e6;

  beforeAll(async () => {
    console.info(`seed of the questions: ORACLE_SEED=${seed}`);
    for (const [account, user, currency] of accounts) {
      const times = zones
        .flatMap(([, at]) => Array.from({ length: 40 }, () => randomTime(Date.parse(at))))
        .sort((a, b) => a - b);
      const amounts = times.map((micros) => [timeText(micros), BigInt(dice.below(2_000) - 1_000)] as const);
      const fields = { accountId: accountId(account), userId: userId(user), currency };
      stored.push(...history(account, amounts).map((each) => ({ ...each, ...fields })));
    }
    for (let left = shuffled(stored); left.length > 0; left = left.slice(300)) {
      await record(harness, ...left.slice(0, 300));
    }
  });

  /** In microseconds; often on a whole hour, so that several share one. */
  function randomTime(edgeMs: number): number {
    const whole = dice.pick([1, 60_000, 900_000, 3_600_000]);
    const ms = Math.floor((edgeMs + (dice.fraction() * 2 - 1) * dice.pick([0.2, 1, 4]) * dayMs) / whole) * whole;
    return ms * 1_000 + dice.pick([0, 1, 999]);
  }

  function timeText(micros: number): string {
    const ms = Math.floor(micros / 1_000);
    return new Date(ms).toISOString().replace('Z', `${String(micros - ms * 1_000).padStart(3, '0')}Z`);
  }

  function shuffled(all: Transaction[]): Transaction[] {
    return all
      .map((each) => [dice.fraction(), each] as const)
      .sort(([a], [b]) => a - b)
      .map(([, each]) => each);
  }

  test('200 random questions get the answer of a naive sum', async () => {
    stored.sort((a, b) => msOf(a) - msOf(b) || Number(a.sequence - b.sequence));
    for (let asked = 0; asked < 200; asked++) {
      const [timeZone, at] = dice.pick(zones);
      const [count, unit] = dice.pick(widths);
      const startMs = Math.floor((Date.parse(at) - dice.fraction() * 3 * dayMs) / 900_000) * 900_000;
      const endMs = startMs + Math.ceil(dice.fraction() * 6 * dayMs);
      const [account, user] = dice.pick(accounts);
      const byUser = dice.below(2) === 0;
      const fill = dice.pick([Fill.NONE, Fill.ZERO]);
      const question: Asked = {
        of: byUser ? { $case: 'userId', value: userId(user) } : ofAccount(account),
        currency: byUser ? 'EUR' : '',
        range: { start: timestamp(new Date(startMs).toISOString()), end: timestamp(new Date(endMs).toISOString()) },
        width: { count, unit: TimeUnit[unit] },
        timeZone,
        fill,
      };
      const from = Math.floor((startMs - lookBackDays[unit as 'DAY'] * dayMs) / dayMs) * dayMs;
      const all = naiveBoundaries(from, endMs, count, unit, timeZone);
      const starts = all.slice(
        Math.max(
          0,
          all.findLastIndex((boundary) => boundary <= startMs),
        ),
      );
      const theirs = stored.filter((each) =>
        byUser ? each.userId === userId(user) && each.currency === 'EUR' : each.accountId === accountId(account),
      );
      const expected = starts.flatMap((start, index) => {
        const [first, end] = [Math.max(start, startMs), Math.min(starts[index + 1] ?? Infinity, endMs)];
        const inside = theirs.filter((each) => msOf(each) >= first && msOf(each) < end);
        if (inside.length === 0 && fill === Fill.NONE) return [];
        return [
          {
            start: iso(timestamp(new Date(start).toISOString().replace('.000Z', 'Z'))),
            count: BigInt(inside.length),
            sum: sumOf(inside),
            opening: sumOf(theirs.filter((each) => msOf(each) < first)),
            closing: sumOf(theirs.filter((each) => msOf(each) < end)),
          },
        ];
      });
      const context = `ORACLE_SEED=${seed} ${asked} ${JSON.stringify(QueryTransactionBucketsRequest.toJSON(QueryTransactionBucketsRequest.fromPartial(question)))}`;
      expect({ context, buckets: await buckets(question) }).toEqual({ context, buckets: expected });
    }
  });

  function sumOf(transactions: Transaction[]): bigint {
    return transactions.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  }
});
