import {
  AccountsServiceService,
  AuditServiceService,
  CredentialsServiceService,
  OutboxServiceService,
  RelationshipsServiceService,
  UpdateUserRequest,
  UserChangeKind,
  UsersServiceService,
  type AuditEntry,
  type ReconcileAccountRequest,
  type UserChange,
} from '@tidemark/contracts/users';
import { rpcClient, RpcError, timestampOf, type RpcClient } from '@tidemark/grpc-kit';
import { Database } from '../../src/db/database.ts';
import { purgeUsers } from '../../src/db/purge-users.ts';
import { mailbox, tokenIn, type Mailbox } from '../mailbox.ts';
import { startEvents } from '../running-money.ts';
import { configFor, freshDatabase, runUsers, type RunningUsers } from '../running-users.ts';
import { untilEmpty } from '../until-empty.ts';
import type { Method } from './model.ts';
import { emptyState } from './state.ts';
import type { Situation } from './steps.ts';

type Client = RpcClient<typeof UsersServiceService> &
  RpcClient<typeof CredentialsServiceService> &
  RpcClient<typeof RelationshipsServiceService> &
  RpcClient<typeof AuditServiceService> &
  RpcClient<typeof AccountsServiceService> &
  RpcClient<typeof OutboxServiceService>;

type Call = (request: unknown) => Promise<unknown>;

/** The service on a real database, with several clients, for one run after another. */
export class World {
  #runs = 0;
  #fresh = 0;
  #cursor = '';
  #looked = true;
  readonly #service: RunningUsers;
  readonly #clients: readonly Client[];
  readonly #database: Database;
  readonly #mailbox: Mailbox;
  readonly #clock: () => number;
  /** Its changes mark how far the stream of changes has to be read. */
  readonly #mark: string;
  readonly #stopBeside: () => Promise<void>;

  private constructor(service: RunningUsers, { box, clock, mark, stopBeside }: Beside) {
    this.#service = service;
    this.#mailbox = box;
    this.#clock = clock;
    this.#mark = mark;
    this.#stopBeside = stopBeside;
    this.#clients = [1, 2, 3, 4].map(() => clientOf(`127.0.0.1:${service.port}`));
    this.#database = new Database({ url: service.databaseUrl, poolSize: 1 });
  }

  /** @param withEvents beside the events service */
  static async start({ withEvents }: { withEvents: boolean }): Promise<World> {
    const box = await mailbox();
    // Each look at the clock is a millisecond later, so that times tell what came first.
    let nowMs = Date.now();
    const clock = () => (nowMs += 1) * 1_000;
    const transport = { host: '127.0.0.1', port: box.port, secure: false, requireTls: false, auth: undefined } as const;
    const mail = { ...configFor('').mail, transport: { to: 'smtp', ...transport } } as const;
    const database = await freshDatabase();
    const events = withEvents ? await startEvents(database.url) : undefined;
    const service = await runUsers({ clock }, { mail, eventsAddress: events?.address }, database);
    const { id } = await service.make();
    const stopBeside = async (): Promise<void> => {
      events?.signal('SIGKILL');
      await events?.exited;
      await Promise.all([database.stop(), box.stop()]);
    };
    const world = new World(service, { box, clock, mark: id, stopBeside });
    await world.#changes();
    return world;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#database.close();
    await this.#service.stop();
    await this.#stopBeside();
  }

  /** A run of its own, which meets nothing of those before it. */
  async begin(): Promise<Run> {
    this.#runs += 1;
    // One that failed has not looked at its changes.
    if (!this.#looked) await this.#changes();
    this.#looked = false;
    return { state: emptyState(), tag: `r${this.#runs}.`, begin: timestampOf(this.#clock()) };
  }

  situation(run: Run): Situation {
    return { ...run, fresh: (this.#fresh += 1) };
  }

  /** What came of a call: the response, or the code, the reason and the fields of the refusal. */
  async call(method: Method, request: unknown, client = 0): Promise<unknown> {
    try {
      return await this.#callOf(method, client)(request);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { code, reason, fields, message } = error;
      return { code, error: reason || message, fields: fields.map(({ field }) => field) };
    }
  }

  #callOf(method: Method, place: number): Call {
    const client = this.#clients[place] as Client;
    switch (method) {
      case 'purge':
        return () => this.#purge();
      case 'watchUsers':
        return async (request) => ({ changes: changesOf(await this.#changes(), request as KnownIds) });
      case 'reconcileAccount':
        return (request) => this.#reconciled(client, request as ReconcileAccountRequest);
      case 'requestPasswordReset':
      case 'requestEmailVerification':
        return (request) => this.#mailed(client[method] as Call, request);
      case 'listUsers':
        return (request) => allPages(client[method] as never, 'users', request);
      case 'listFollowers':
        return (request) => allPages(client[method] as never, 'followers', request);
      case 'listFollowing':
        return (request) => allPages(client[method] as never, 'following', request);
      case 'listBlocked':
        return (request) => allPages(client[method] as never, 'blocked', request);
      case 'listAccounts':
        return (request) => allPages(client[method] as never, 'accounts', request);
      case 'listAuditEntries':
        return (request) => this.#auditEntries(client, request as Partial<KnownIds>);
      default:
        return client[method] as Call;
    }
  }

  /** Of the run: others are purged at the same time. */
  async #auditEntries(client: Client, request: Partial<KnownIds>): Promise<object> {
    const { entries } = await allPages<AuditEntry>(client.listAuditEntries as never, 'entries', request);
    const isOfRun = ({ userId, action }: AuditEntry) =>
      userId !== this.#mark && (action !== 'USER_PURGED' || (request.known ?? [userId]).includes(userId));
    return { entries: entries?.filter(isOfRun) };
  }

  /** Of everybody who is deleted, of earlier runs too. */
  async #purge(): Promise<object> {
    const purge = { after: '1 microsecond', now: this.#clock(), actor: 'tidemark' };
    await purgeUsers(this.#database.session(), purge, new AbortController().signal);
    return {};
  }

  /** The tokens of the mails that a request led to. */
  async #mailed(call: Call, request: unknown): Promise<object> {
    const before = this.#mailbox.mails.length;
    await call(request);
    const waiting = `select from users.outbox where kind = 'MAIL'`;
    while ((await this.#service.sql.query(waiting)).rowCount) await new Promise((resolve) => setTimeout(resolve, 2));
    return { tokens: this.#mailbox.mails.slice(before).map(tokenIn) };
  }

  /** Once the events service has all. */
  async #reconciled(client: Client, request: ReconcileAccountRequest): Promise<object> {
    await untilEmpty(this.#service.sql);
    const response = await client.reconcileAccount(request);
    const { equal, account, differences, history, undeliveredCount: undelivered } = response;
    return { equal, account, differences, history: { count: history?.count, sum: history?.sumMinor, undelivered } };
  }

  /** All changes since the last look. */
  async #changes(): Promise<Change[]> {
    this.#looked = true;
    const displayName = `mark ${(this.#fresh += 1)}`;
    const from = this.#cursor;
    const [client] = this.#clients as [Client];
    const { user } = await client.updateUser(UpdateUserRequest.fromPartial({ user: { id: this.#mark, displayName } }));
    const changes = [];
    for await (const { change, cursor } of client.watchUsers({ cursor: from })) {
      this.#cursor = cursor;
      if (from === '') return [];
      if (change && change.userId !== this.#mark) changes.push({ userId: change.userId, kind: change.kind });
      if (change?.userId === this.#mark && change.user?.etag === user?.etag) break;
    }
    return changes;
  }
}

type Change = Pick<UserChange, 'userId' | 'kind'>;

export type Run = Omit<Situation, 'fresh'>;

interface Beside {
  readonly box: Mailbox;
  readonly clock: () => number;
  readonly mark: string;
  readonly stopBeside: () => Promise<void>;
}

function clientOf(address: string): Client {
  const clients = [
    rpcClient(UsersServiceService, address),
    rpcClient(CredentialsServiceService, address),
    rpcClient(RelationshipsServiceService, address),
    rpcClient(AuditServiceService, address),
    rpcClient(AccountsServiceService, address),
    rpcClient(OutboxServiceService, address),
  ];
  const close = (): void => {
    for (const client of clients) client.close();
  };
  return { ...Object.assign({}, ...clients), close } as Client;
}

interface KnownIds {
  known: readonly string[];
}

/** Without the purges of users of earlier runs. */
function changesOf(changes: readonly Change[], { known }: KnownIds): Change[] {
  return changes.filter(({ userId, kind }) => kind !== UserChangeKind.PURGED || known.includes(userId));
}

type Page = Record<string, readonly unknown[]> & { nextPageToken: string };

/** A whole list, in pages of two where nothing else is asked for. */
async function allPages<Item>(
  list: (request: object) => Promise<Page>,
  items: string,
  request: unknown,
): Promise<Record<string, Item[]>> {
  const all: Item[] = [];
  const { pageSize, ...others } = request as { pageSize?: number };
  const asked = { ...others, pageSize: pageSize || 2 };
  let pageToken = '';
  do {
    const page = await list({ ...asked, pageToken });
    all.push(...((page[items] ?? []) as Item[]));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return { [items]: all };
}
