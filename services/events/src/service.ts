import { pageTokens, startServer, type Logger } from '@tidemark/grpc-kit';
import type { EventsConfig } from './config.ts';
import { checkSchema } from './db/check-schema.ts';
import { eventRetention } from './db/event-retention.ts';
import { pageTokenKey } from './db/page-token-key.ts';
import { Pool } from './db/pool.ts';
import type { Micros } from './domain/micros.ts';
import { faults } from './rpc/faults.ts';
import { rpcServices } from './rpc/index.ts';

export interface EventsService {
  readonly port: number;
  /** Drains the calls, then closes the connections. It may be called twice. */
  stop(): Promise<void>;
}

export interface Overrides {
  log: Logger;
  clock?: () => Micros;
}

const maxRequestBytes = 8 * 1_024 * 1_024;

export async function create(config: EventsConfig, { log, clock = systemClock }: Overrides): Promise<EventsService> {
  const pool = new Pool({ databaseUrl: config.databaseUrl, size: config.poolSize, log });
  try {
    await checkSchema(pool);
    const retention = await eventRetention(pool, AbortSignal.any([]));
    const tokens = pageTokens(await pageTokenKey(pool));
    const server = await startServer({
      host: config.host,
      port: config.port,
      services: rpcServices({ pool, clock, retention, tokens }),
      faults,
      log,
      check: () => pool.query('SELECT'),
      maxRequestBytes,
    });
    log.info({ port: server.port }, `serving on ${config.host}:${server.port}`);
    let stopped: Promise<void> | undefined;
    return {
      port: server.port,
      stop: () => (stopped ??= server.stop(config.shutdownGraceMs).then(() => pool.close())),
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function systemClock(): Micros {
  return Date.now() * 1_000;
}
