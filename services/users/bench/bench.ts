import { availableParallelism } from 'node:os';
import { migrateService, ownDatabase, realServer, ServiceProcess, type OwnDatabase } from '@tidemark/testing';
import { LoadClient, profiling, type BenchOptions } from '@tidemark/testing/bench';
import pg from 'pg';
import type { Order } from './load/orders.ts';

const mostEmbeddedRows = 20_000;

/** What a measure works with: a migrated database of its own, a service on it, and a client that makes load. */
export class Bench {
  readonly options: BenchOptions;
  readonly databaseUrl: string;
  /** For an administrator. */
  readonly admin: pg.Client;
  readonly service: ServiceProcess;
  readonly load: LoadClient<Order>;
  readonly #database: OwnDatabase;

  private constructor(options: BenchOptions, database: OwnDatabase, admin: pg.Client, service: ServiceProcess) {
    this.options = options;
    this.#database = database;
    this.databaseUrl = database.url;
    this.admin = admin;
    this.service = service;
    this.load = new LoadClient(new URL('./load/load-process.ts', import.meta.url));
  }

  static async open(options: BenchOptions, name: string): Promise<Bench> {
    const database = await ownDatabase(options.serverUrl, 'tidemark_bench');
    const admin = new pg.Client({ connectionString: database.url });
    try {
      const databaseUrl = database.url;
      await migrateService({ service: 'users', databaseUrl });
      await admin.connect();
      const nodeOptions = profiling(options, name);
      const service = await ServiceProcess.start({ service: 'users', databaseUrl, env: environment, nodeOptions });
      return new Bench(options, database, admin, service);
    } catch (error) {
      await admin.end();
      await database.stop();
      throw error;
    }
  }

  get isEmbedded(): boolean {
    return this.options.serverUrl === undefined && realServer === undefined;
  }

  /** How many rows or calls a measure has; the embedded database stores them more slowly. */
  rows(byDefault: number): number {
    return Math.min(byDefault, this.options.rows ?? (this.isEmbedded ? mostEmbeddedRows : Infinity));
  }

  async close(): Promise<void> {
    this.load.stop();
    await this.service.stop();
    await this.admin.end();
    await this.#database.stop();
  }
}

// As many hashes at once as there are cores, no limit that a measure meets, and nobody who goes meanwhile.
const environment = {
  UV_THREADPOOL_SIZE: String(2 * availableParallelism()),
  PASSWORD_HASHES_AT_ONCE: String(availableParallelism()),
  ATTEMPTS_PER_ACCOUNT: '1000000000',
  ATTEMPTS_PER_ADDRESS: '1000000000',
  USERS_PURGE_AFTER: 'none',
  USERS_CHANGES_RETENTION: 'none',
};
