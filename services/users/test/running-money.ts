import { randomUUID } from 'node:crypto';
import { TransactionsServiceService, type Transaction } from '@tidemark/contracts/events';
import {
  AccountsServiceService,
  CreateUserRequest,
  OpenAccountRequest,
  OutboxServiceService,
  PostTransactionRequest,
  TransferRequest,
  UsersServiceService,
  type Account,
  type Backlog,
  type PostTransactionResponse,
  type TransferResponse,
} from '@tidemark/contracts/users';
import { rpcClient, type RpcClient } from '@tidemark/grpc-kit';
import { freePort, migrateService, ServiceProcess, silentLog, until, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { create, type Overrides } from '../src/service.ts';
import { configFor, freshDatabase, userOf } from './running-users.ts';

/** The service on a database of its own, and the events service beside it where it is asked for. */
export interface RunningMoney {
  accounts: RpcClient<typeof AccountsServiceService>;
  outbox: RpcClient<typeof OutboxServiceService>;
  users: RpcClient<typeof UsersServiceService>;
  /** An administrator's connection. */
  sql: Client;
  databaseUrl: string;
  /** undefined: there is none. */
  eventsAddress: string | undefined;
  /** The process of the events service. */
  events: ServiceProcess | undefined;
  makeUser(): Promise<string>;
  /** Opens an account, with a balance. */
  open(account?: { userId?: string; currency?: string; limitMinor?: bigint; balance?: bigint }): Promise<Account>;
  post(request: Parameters<typeof PostTransactionRequest.fromPartial>[0]): Promise<PostTransactionResponse>;
  transfer(request: Parameters<typeof TransferRequest.fromPartial>[0]): Promise<TransferResponse>;
  balanceOf(id: string): Promise<bigint>;
  backlog(): Promise<Backlog>;
  /** Resolves when all transactions are delivered. */
  delivered(): Promise<void>;
  /** All that the events service has of an account, in its order. */
  historyOf(id: string): Promise<Transaction[]>;
  stop(): Promise<void>;
}

export interface MoneyOptions extends Overrides {
  /** Starts the events service too. */
  withEvents?: boolean;
  /** Where nothing listens, say; with `withEvents`, the service itself. */
  eventsAddress?: string;
  outboxAttempts?: number;
  database?: TestDatabase;
}

export async function runMoney(options: MoneyOptions = {}): Promise<RunningMoney> {
  const { withEvents = false, outboxAttempts = 10, database = await freshDatabase(), ...overrides } = options;
  const events = withEvents ? await startEvents(database.url) : undefined;
  const eventsAddress = events?.address ?? options.eventsAddress;
  const config = { ...configFor(database.url), eventsAddress, outboxAttempts };
  const service = await create(config, { log: silentLog('users'), ...overrides });
  const address = `127.0.0.1:${service.port}`;
  const users = rpcClient(UsersServiceService, address);
  const accounts = rpcClient(AccountsServiceService, address);
  const outbox = rpcClient(OutboxServiceService, address);
  const history = rpcClient(TransactionsServiceService, eventsAddress ?? '127.0.0.1:1');
  const sql = new Client(database.url);
  sql.on('error', () => undefined);
  await sql.connect();
  const money: RunningMoney = {
    accounts,
    outbox,
    users,
    sql,
    databaseUrl: database.url,
    eventsAddress,
    events,
    async makeUser() {
      const username = `u${randomUUID().replaceAll('-', '')}`;
      const user = { username, email: `${username}@example.com` };
      return userOf(await users.createUser(CreateUserRequest.fromPartial({ user }))).id;
    },
    async open({ userId, currency = 'EUR', limitMinor = 0n, balance = 0n } = {}) {
      const request = { userId: userId ?? (await money.makeUser()), currency, limitMinor };
      const account = accountOf(await accounts.openAccount(OpenAccountRequest.fromPartial(request)));
      if (balance === 0n) return account;
      return accountOf(await money.post({ accountId: account.id, amountMinor: balance }));
    },
    post: (request) =>
      accounts.postTransaction(
        PostTransactionRequest.fromPartial({ idempotencyKey: randomUUID(), kind: 'deposit', ...request }),
      ),
    transfer: (request) => accounts.transfer(TransferRequest.fromPartial({ idempotencyKey: randomUUID(), ...request })),
    balanceOf: async (id) => accountOf(await accounts.getAccount({ id })).balanceMinor,
    async backlog() {
      const [transactions] = (await outbox.getOutbox({})).backlogs;
      if (!transactions) throw new Error('the outbox tells of no transactions');
      return transactions;
    },
    async delivered() {
      await until('all transactions are delivered', async () => (await money.backlog()).waitingCount === 0n);
    },
    historyOf: (id) => historyOf(history, id),
    async stop() {
      for (const client of [users, accounts, outbox, history]) client.close();
      await service.stop();
      events?.signal('SIGKILL');
      await events?.exited;
      await sql.end();
      await database.stop();
    },
  };
  return money;
}

/** The events service on the same database. @param port absent: any, which another one of it can take over */
export async function startEvents(databaseUrl: string, port?: number): Promise<ServiceProcess> {
  const options = { service: 'events', databaseUrl, code: 'src', port: port ?? (await freePort()) } as const;
  await migrateService(options);
  return ServiceProcess.start(options);
}

export function accountOf({ account }: { account: Account | undefined }): Account {
  if (!account) throw new Error('the response has no account');
  return account;
}

async function historyOf(
  client: RpcClient<typeof TransactionsServiceService>,
  accountId: string,
): Promise<Transaction[]> {
  const range = { start: { seconds: 0n, nanos: 0 }, end: { seconds: 4_000_000_000n, nanos: 0 } };
  const all: Transaction[] = [];
  let pageToken = '';
  do {
    const of = { $case: 'accountId', value: accountId } as const;
    const page = await client.listTransactions({ of, range, pageSize: 1_000, pageToken, descending: false });
    all.push(...page.transactions);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}
