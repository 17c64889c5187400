import { randomUUID } from 'node:crypto';
import { EventsServiceService, IngestEventsRequest, ListEventsRequest } from '@tidemark/contracts/events';
import { rpcClient, type RpcClient } from '@tidemark/grpc-kit';
import { runMoney, startEvents, type RunningMoney } from './running-money.ts';
import { errorOf } from './running-users.ts';
import { untilEmpty } from './until-empty.ts';

let money: RunningMoney;
let events: RpcClient<typeof EventsServiceService>;
beforeAll(async () => {
  money = await runMoney({ withEvents: true });
  events = rpcClient(EventsServiceService, money.eventsAddress ?? '');
});
afterAll(async () => {
  events.close();
  await money.stop();
});

const emptied = async (): Promise<void> => {
  await untilEmpty(money.sql);
  expect((await money.sql.query('select from users.dead_letters')).rowCount).toBe(0);
};

/** An account that had money and has none, and is closed; its transactions may not have left yet. */
async function closedAccount(userId: string, other: string): Promise<string> {
  const { id } = await money.open({ userId, balance: 500n });
  await money.transfer({ fromAccountId: id, toAccountId: other, amountMinor: 300n });
  await money.post({ accountId: id, amountMinor: -200n, kind: 'withdrawal' });
  await money.accounts.closeAccount({ id, etag: '' });
  return id;
}

async function pageViews(userId: string): Promise<number> {
  const now = BigInt(Math.floor(Date.now() / 1_000));
  const range = { start: { seconds: now - 86_400n, nanos: 0 }, end: { seconds: now + 60n, nanos: 0 } };
  const request = ListEventsRequest.fromPartial({ range, filter: { userId }, pageSize: 1_000 });
  return (await events.listEvents(request)).events.length;
}

async function view(userId: string, count: number): Promise<void> {
  const seconds = BigInt(Math.floor(Date.now() / 1_000) - 60);
  const seen = Array.from({ length: count }, () => ({
    id: randomUUID(),
    time: { seconds, nanos: 0 },
    page: '/',
    userId,
  }));
  await events.ingestEvents(IngestEventsRequest.fromPartial({ events: seen }));
}

test('the events service keeps the events and the history of the account, and not whose they are', async () => {
  const userId = await money.makeUser();
  const { id: other } = await money.open();
  const account = await closedAccount(userId, other);
  await view(userId, 30);
  const open = await money.open({ userId });
  expect((await errorOf(money.users.eraseUser({ id: userId, etag: '' }))).reason).toBe('ACCOUNT_OPEN');
  await money.accounts.closeAccount({ id: open.id, etag: '' });

  // At once: what has not left yet goes under the random id, what has is replaced.
  const { replacement } = await money.users.eraseUser({ id: userId, etag: '' });
  await emptied();
  const history = await money.historyOf(account);
  expect(history.map(({ amountMinor }) => amountMinor)).toEqual([500n, -300n, -200n]);
  expect(new Set(history.map((each) => each.userId))).toEqual(new Set([replacement]));
  expect([await pageViews(userId), await pageViews(replacement)]).toEqual([0, 30]);
  expect((await money.historyOf(other)).map(({ amountMinor }) => amountMinor)).toEqual([300n]);
});

test('many erasures while money moves: every history is whole, under one id that is nobody any more', async () => {
  const { id: other } = await money.open();
  const people = await Promise.all(Array.from({ length: 12 }, () => money.makeUser()));
  const erased = await Promise.all(
    people.map(async (userId) => {
      const account = await closedAccount(userId, other);
      const { replacement } = await money.users.eraseUser({ id: userId, etag: '' });
      return { account, replacement };
    }),
  );
  await emptied();
  for (const { account, replacement } of erased) {
    const history = await money.historyOf(account);
    expect(history.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n]);
    expect(new Set(history.map((each) => each.userId))).toEqual(new Set([replacement]));
  }
  expect(await money.balanceOf(other)).toBe(3_600n);
});

test('an events service that is away learns of it when it is back', async () => {
  const userId = await money.makeUser();
  const { id: other } = await money.open();
  const account = await closedAccount(userId, other);
  const port = Number(new URL(`http://${money.eventsAddress}`).port);
  money.events?.signal('SIGKILL');
  await money.events?.exited;
  const { replacement } = await money.users.eraseUser({ id: userId, etag: '' });
  const again = await startEvents(money.databaseUrl, port);
  await emptied();
  expect(new Set((await money.historyOf(account)).map((each) => each.userId))).toEqual(new Set([replacement]));
  again.signal('SIGKILL');
  await again.exited;
});
