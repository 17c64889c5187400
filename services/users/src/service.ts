import { createLogger, pageTokens, startServer, type Logger } from '@tidemark/grpc-kit';
import type { Config } from './config.ts';
import { checkSchema } from './db/check-schema.ts';
import { Database } from './db/database.ts';
import { pageTokenKey } from './db/page-token-key.ts';
import { systemClock, type Clock } from './domain/clock.ts';
import { PasswordHasher } from './domain/password-hasher.ts';
import { Relay, type Deliverers } from './outbox/relay.ts';
import { faults } from './rpc/faults.ts';
import { rpcServices } from './rpc/index.ts';

export interface Overrides {
  clock?: Clock;
  log?: Logger;
}

export interface Service {
  readonly log: Logger;
  readonly port: number;
  /** Lets calls under way finish, then closes the database's connections. It may be called twice. */
  stop(): Promise<void>;
}

// A thousand ids of BatchGetUsers take 38 KB, the largest user some 20 KB.
const maxRequestBytes = 256 * 1024;

/** The users service, serving. */
export async function create(config: Config, overrides: Overrides = {}): Promise<Service> {
  const log = overrides.log ?? createLogger({ name: 'users', level: config.logLevel });
  const database = new Database(config.database);
  try {
    const server = await serve(config, database, overrides.clock ?? systemClock, log);
    const relay = new Relay({
      databaseUrl: config.database.url,
      deliverers: deliverersOf(),
      attempts: config.outboxAttempts,
      log,
    });
    relay.start();
    log.info({ port: server.port }, `serving on ${config.host}:${server.port}`);
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      await server.stop(config.shutdownGraceMs);
      await relay.stop();
      await database.close();
    };
    return { log, port: server.port, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function serve(config: Config, database: Database, clock: Clock, log: Logger) {
  await checkSchema(database.session());
  log.info(`on PostgreSQL ${await database.version()}`);
  const [key, passwords] = await Promise.all([pageTokenKey(database.session()), PasswordHasher.create(config.argon2)]);
  return startServer({
    host: config.host,
    port: config.port,
    services: rpcServices({ database, clock, passwords, pageTokens: pageTokens(key) }),
    faults,
    log,
    check: () => database.check(),
    maxRequestBytes,
  });
}

/** Who the messages of the outbox go to. */
function deliverersOf(): Deliverers {
  return {};
}
