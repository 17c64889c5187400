import pg from 'pg';
import { migrateService, ownDatabase, ServiceProcess, type OwnDatabase } from '@tidemark/testing';
import { EventsServiceService } from '@tidemark/contracts/events';
import { rpcClient, type RpcClient } from '@tidemark/grpc-kit';
import { LoadClient, profiling, type BenchOptions } from '@tidemark/testing/bench';
import type { Order } from './load/orders.ts';

/** What a measure works with: a migrated database of its own, a service on it, and a client that makes load. */
export class Bench {
  readonly options: BenchOptions;
  readonly databaseUrl: string;
  /** For an administrator. */
  readonly admin: pg.Client;
  readonly service: ServiceProcess;
  readonly load: LoadClient<Order>;
  /** For questions. */
  readonly events: RpcClient<typeof EventsServiceService>;
  readonly #database: OwnDatabase;

  private constructor(options: BenchOptions, database: OwnDatabase, admin: pg.Client, service: ServiceProcess) {
    this.options = options;
    this.#database = database;
    this.databaseUrl = database.url;
    this.admin = admin;
    this.service = service;
    this.load = new LoadClient(new URL('./load/load-process.ts', import.meta.url));
    this.events = rpcClient(EventsServiceService, service.address);
  }

  static async open(options: BenchOptions, name: string): Promise<Bench> {
    const database = await ownDatabase(options.serverUrl, 'tidemark_bench');
    try {
      const databaseUrl = database.url;
      await migrateService({ service: 'events', databaseUrl, env: { EVENTS_RETENTION: 'none' } });
      const admin = new pg.Client({ connectionString: databaseUrl });
      await admin.connect();
      const service = await ServiceProcess.start({
        service: 'events',
        databaseUrl,
        nodeOptions: profiling(options, name),
      });
      return new Bench(options, database, admin, service);
    } catch (error) {
      await database.stop();
      throw error;
    }
  }

  get isEmbedded(): boolean {
    return this.options.serverUrl === undefined;
  }

  /** How many rows a measure has; the embedded database keeps them in memory, and stores them more slowly. */
  rows(byDefault: number): number {
    return Math.min(byDefault, this.options.rows ?? (this.isEmbedded ? mostEmbeddedRows : Infinity));
  }

  async close(): Promise<void> {
    this.load.stop();
    this.events.close();
    await this.service.stop();
    await this.admin.end();
    await this.#database.stop();
  }
}

const mostEmbeddedRows = 300_000;
