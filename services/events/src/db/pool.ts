import pg from 'pg';
import type { Logger } from '@tidemark/grpc-kit';
import { beginSession, socketOf } from '@tidemark/grpc-kit/postgres';
import { ignore } from './connection.ts';

export interface PoolOptions {
  databaseUrl: string;
  /** The most connections at once, beside those that cancel statements. */
  size: number;
  log: Logger;
}

/** The migrations create it with the rights that the service needs. */
export const serviceRole = 'tidemark_events';

const connectTimeoutMs = 5_000;
const closeTimeoutMs = 2_000;

/** Connections of the service, each with the rights of its role and no more, whoever DATABASE_URL names. */
export class Pool extends pg.Pool {
  readonly #clients = new Set<pg.PoolClient>();

  constructor({ databaseUrl, size, log }: PoolOptions) {
    super({
      connectionString: databaseUrl,
      max: size,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: 'tidemark-events',
      // Compiling a plan of many chunks takes seconds, and the rows it is for are read in milliseconds.
      options: '-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c jit=off',
      // Not as a startup option: the connection that cancels a statement has to be the login user, who began it.
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- pg-pool waits for it; its types do not say so
      onConnect: (client: pg.ClientBase) => client.query(beginSession(serviceRole)),
    });
    this.on('connect', (client) => {
      this.#clients.add(client);
      // What breaks a connection in use also fails its statement; without a listener it would end the process.
      client.on('error', ignore);
    });
    this.on('remove', (client) => this.#clients.delete(client));
    this.on('error', ({ message }) => log.warn({ reason: message }, 'an idle database connection broke'));
  }

  /** Waits a little for connections in use and then cuts them: a database that is frozen would keep them for ever. */
  async close(): Promise<void> {
    const cut = setTimeout(() => {
      for (const client of this.#clients) socketOf(client).destroy();
    }, closeTimeoutMs);
    await this.end();
    clearTimeout(cut);
  }
}
