import { EventsServiceService, QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import { UsersServiceService } from '@tidemark/contracts/users';
import { rpcClient, type RpcClient } from '@tidemark/grpc-kit';
import { emptyDatabase, type TestDatabase } from '@tidemark/testing';
import { forkBuilt, listening, type Running } from './processes.ts';

export type EventsClient = RpcClient<typeof EventsServiceService>;

/** Instances of the built services, as processes on one database. */
export class BuiltSystem {
  readonly #databaseUrl: string;
  #database: TestDatabase | undefined;
  readonly #running: Running[] = [];
  readonly #clients: Array<{ close(): void }> = [];

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** On a database of its own, which goes with it. */
  static async onEmptyDatabase(): Promise<BuiltSystem> {
    const database = await emptyDatabase();
    const system = new BuiltSystem(database.url);
    system.#database = database;
    return system;
  }

  run(service: 'events' | 'users', entry: 'main' | 'migrate', env: Record<string, string> = {}): Running {
    const running = forkBuilt(service, entry, {
      DATABASE_URL: this.#databaseUrl,
      EVENTS_PORT: '0',
      USERS_PORT: '0',
      ...env,
    });
    this.#running.push(running);
    return running;
  }

  async migrate(env: Record<string, string> = {}): Promise<void> {
    for (const service of ['events', 'users'] as const) {
      const { exit, output } = this.run(service, 'migrate', env);
      if ((await exit) !== 0) throw new Error(`the migration of ${service} failed: ${output.text}`);
    }
  }

  async events(): Promise<{ address: string; client: EventsClient; running: Running }> {
    const running = this.run('events', 'main');
    const address = `127.0.0.1:${await listening(running)}`;
    const client = rpcClient(EventsServiceService, address);
    this.#clients.push(client);
    return { address, client, running };
  }

  async users(): Promise<{ client: RpcClient<typeof UsersServiceService>; running: Running }> {
    const running = this.run('users', 'main');
    const client = rpcClient(UsersServiceService, `127.0.0.1:${await listening(running)}`);
    this.#clients.push(client);
    return { client, running };
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const { child } of this.#running) child.kill('SIGKILL');
    await Promise.all(this.#running.map(({ exit }) => exit));
    await this.#database?.stop();
  }
}

/** How many events each UTC day of a range has. */
export async function countsByDay(client: EventsClient, range: { start: string; end: string }): Promise<number[]> {
  const { buckets } = await client.queryBuckets(
    QueryBucketsRequest.fromPartial({
      range: { start: seconds(range.start), end: seconds(range.end) },
      width: { unit: TimeUnit.DAY },
    }),
  );
  return buckets.map(({ count }) => Number(count));
}

function seconds(time: string): { seconds: bigint } {
  return { seconds: BigInt(Date.parse(time) / 1_000) };
}
