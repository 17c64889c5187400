import pg from 'pg';
import type { Logger } from '@tidemark/grpc-kit';

export interface PoolOptions {
  databaseUrl: string;
  /** The most connections at once. */
  size: number;
  log: Logger;
}

/** The migrations create it with the rights that the service needs. */
export const serviceRole = 'tidemark_events';

const connectTimeoutMs = 5_000;

/** Connections of the service, each with the rights of its role and no more, whoever DATABASE_URL names. */
export function createPool({ databaseUrl, size, log }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: size,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'tidemark-events',
    options: '-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres',
    // Not as a startup option: the connection that cancels a statement has to be the login user, who began it.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- pg-pool waits for it; its types do not say so
    onConnect: (client: pg.ClientBase) => client.query(`SET ROLE ${serviceRole}`),
  });
  // An idle connection that breaks: the pool has already let go of it.
  pool.on('error', (error) => log.warn({ err: error }, 'a database connection broke'));
  return pool;
}
