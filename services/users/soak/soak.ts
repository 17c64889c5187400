import { setTimeout } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import {
  AccountsServiceService,
  CreateUserRequest,
  OpenAccountRequest,
  OutboxServiceService,
  PostTransactionRequest,
  UsersServiceService,
  type ReconcileAccountResponse,
} from '@tidemark/contracts/users';
import { rpcClient, RpcError } from '@tidemark/grpc-kit';
import {
  Instance,
  Killer,
  migrateService,
  random,
  soakDatabase,
  type Code,
  type SoakDatabase,
  type Trouble,
} from '@tidemark/testing';
import { checkMoney } from './check-money.ts';
import { Ledger } from './ledger.ts';
import { TransferClient, type AccountsClient } from './transfer-client.ts';

export interface SoakOptions {
  /** A server where a database may be made, and which is not killed; undefined: a server of its own, which is. */
  serverUrl: string | undefined;
  /** It ends after so many transfers, */
  transfers: number;
  /** or after so long, */
  seconds: number;
  /** but not before so many, however slow the machine is; by default, 0. */
  atLeast?: number;
  seed: number;
  code: Code;
  /** For what happens meanwhile. */
  say?: (line: string) => void;
}

export interface SoakResult {
  deviations: readonly string[];
  /** How many transfers were made, */
  acknowledged: number;
  /** and how many were refused because the money was not there. */
  refused: number;
  /** How many calls failed. */
  failures: number;
  /** How many transfers were sent again though they were answered, or twice at once. */
  doubles: number;
  /** How many transactions are in the history. */
  delivered: number;
  /** How long it took until the last of them was. */
  settledMs: number;
  troubles: ReadonlyMap<Trouble, number>;
}

const accountCount = 50;
const clientCount = 16;
const openingMinor = 300n;
const settleLimitMs = 180_000;
/** A channel that tries again soon: instances come back within a second. */
const channelOptions = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };

/** Moves money through two instances while they, the events service, the database and their connections break. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const database = await soakDatabase(options.serverUrl);
  const running: Instance[] = [];
  try {
    const shared = { databaseUrl: database.url, code: options.code } as const;
    await migrateService({ service: 'events', ...shared });
    await migrateService({ service: 'users', ...shared });
    const start = async (instance: Parameters<typeof Instance.start>[0]): Promise<Instance> => {
      const started = await Instance.start(instance);
      running.push(started);
      return started;
    };
    const events = await start({ service: 'events', ...shared });
    const env = { EVENTS_ADDRESS: events.address };
    const users = [
      await start({ service: 'users', ...shared, env }),
      await start({ service: 'users', ...shared, env }),
    ];
    return await soakInstances(options, database, events, users);
  } finally {
    await Promise.all(running.map((instance) => instance.stop()));
    await database.stop();
  }
}

async function soakInstances(
  { transfers, seconds, atLeast = 0, seed, say = () => undefined }: SoakOptions,
  database: SoakDatabase,
  events: Instance,
  users: readonly Instance[],
): Promise<SoakResult> {
  const addresses = users.map(({ address }) => address);
  const accountIds = await openAccounts(addresses[0] ?? '', random(seed));
  const clients = addresses.map((address) => rpcClient(AccountsServiceService, address, channelOptions));
  const ledger = new Ledger();
  const givenUp = new AbortController();
  const endAt = Date.now() + 1_000 * seconds;
  const goesOn = (): boolean => {
    const { length } = ledger.transfers;
    return length < transfers && (length < atLeast || Date.now() < endAt);
  };
  const killer = new Killer(random(seed), [events, ...users], database, say);
  const killing = killer.run();
  const working = Promise.all(
    Array.from({ length: clientCount }, (_, number) =>
      new TransferClient({
        number,
        dice: random(seed + 1_000 * (number + 1)),
        ledger,
        accountIds,
        clients,
        goesOn,
        givenUp: givenUp.signal,
      }).run(),
    ),
  );
  await Promise.race([killing, untilOver(goesOn)]);
  killer.end();
  await killing;
  const began = performance.now();
  // What has no reply by then never gets one, and the ledger says so.
  const patience = globalThis.setTimeout(() => givenUp.abort(), settleLimitMs);
  await working;
  clearTimeout(patience);
  const delivered = await untilDelivered(addresses[0] ?? '');
  const settledMs = Math.round(performance.now() - began);
  const checked = await checkMoney(database.url, ledger, BigInt(accountCount) * openingMinor);
  const deviations = [
    ...ledger.deviations,
    ...(delivered ? [] : ['the outbox is not empty after three minutes']),
    ...checked.deviations,
    ...(await reconcileAll(clients, accountIds)),
  ];
  for (const client of clients) client.close();
  const { acknowledged, failures, doubles } = ledger;
  return {
    deviations,
    acknowledged,
    refused: ledger.transfers.filter(({ answer }) => answer === 'refused').length,
    failures,
    doubles,
    delivered: checked.delivered,
    settledMs,
    troubles: killer.counts,
  };
}

async function openAccounts(address: string, dice: { below(limit: number): number }): Promise<string[]> {
  const users = rpcClient(UsersServiceService, address);
  const accounts = rpcClient(AccountsServiceService, address);
  const ids: string[] = [];
  for (let number = 0; number < accountCount; number += 1) {
    const username = `soak${number}`;
    const user = { username, email: `${username}@example.org` };
    const created = await users.createUser(CreateUserRequest.fromPartial({ user }));
    const opening = { userId: created.user?.id ?? '', currency: 'EUR', limitMinor: BigInt(-dice.below(2) * 200) };
    const { account } = await accounts.openAccount(OpenAccountRequest.fromPartial(opening));
    const accountId = account?.id ?? '';
    ids.push(accountId);
    const deposit = { accountId, amountMinor: openingMinor, idempotencyKey: `opening ${number}`, kind: 'deposit' };
    await accounts.postTransaction(PostTransactionRequest.fromPartial(deposit));
  }
  users.close();
  accounts.close();
  return ids;
}

async function untilOver(goesOn: () => boolean): Promise<void> {
  while (goesOn()) await setTimeout(100);
}

/** Whether all that is put into the outbox leaves it in the end. */
async function untilDelivered(address: string): Promise<boolean> {
  const outbox = rpcClient(OutboxServiceService, address, channelOptions);
  try {
    const giveUpAt = Date.now() + settleLimitMs;
    while (Date.now() < giveUpAt) {
      const { backlogs } = await outbox.getOutbox({}, { timeoutMs: 10_000 }).catch(() => ({ backlogs: undefined }));
      if (backlogs?.every(({ waitingCount, deadCount }) => waitingCount === 0n && deadCount === 0n)) return true;
      await setTimeout(100);
    }
    return false;
  } finally {
    outbox.close();
  }
}

async function reconcileAll(clients: readonly AccountsClient[], accountIds: readonly string[]): Promise<string[]> {
  const deviations: string[] = [];
  for (const client of clients) {
    for (const id of accountIds) {
      const answer = await reconcile(client, id);
      if (!answer.equal) deviations.push(`ReconcileAccount of ${id}: ${answer.differences.join(' ')}`);
    }
  }
  return deviations;
}

/** An instance may find its way to the events service again only after a moment, and says so. */
async function reconcile(client: AccountsClient, id: string): Promise<ReconcileAccountResponse> {
  const giveUpAt = Date.now() + settleLimitMs;
  for (;;) {
    try {
      return await client.reconcileAccount({ id, startTime: undefined, endTime: undefined });
    } catch (error) {
      if (!(error instanceof RpcError) || error.code !== status.UNAVAILABLE || Date.now() > giveUpAt) throw error;
      await setTimeout(error.retryAfterMs ?? 1_000);
    }
  }
}
