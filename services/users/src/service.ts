import { createLogger, pageTokens, startServer, type Logger, type RpcServer } from '@tidemark/grpc-kit';
import { NotificationListener } from '@tidemark/grpc-kit/postgres';
import type { Config } from './config.ts';
import { checkSchema } from './db/check-schema.ts';
import { Database, serviceRole } from './db/database.ts';
import { hashCosts } from './db/hash-costs.ts';
import { pageTokenKey } from './db/page-token-key.ts';
import { secretsKey } from './db/secrets-key.ts';
import { systemClock, type Clock } from './domain/clock.ts';
import { PasswordHasher } from './domain/password-hasher.ts';
import { Secrets } from './domain/secrets.ts';
import { deliverErasures } from './events/deliver-erasures.ts';
import { deliverTransactions } from './events/deliver-transactions.ts';
import { erasuresClient, transactionsClient } from './events/events-client.ts';
import { followHashCosts } from './housekeeping/follow-hash-costs.ts';
import { keepHouse } from './housekeeping/keep-house.ts';
import { startHousekeeping } from './housekeeping/start-housekeeping.ts';
import { mailDeliverer } from './mail/deliver-mail.ts';
import { mailerOf } from './mail/mailer.ts';
import { Relay } from './outbox/relay.ts';
import type { Dependencies } from './rpc/dependencies.ts';
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
  const clock = overrides.clock ?? systemClock;
  const database = new Database(config.database);
  const mailer = mailerOf(config.mail.transport, config.mail.from, log);
  const changes = new NotificationListener({
    databaseUrl: config.database.url,
    role: serviceRole,
    channel: 'tidemark_users_changed',
    applicationName: 'tidemark-users-listener',
    log,
    warning: 'cannot hear of changes: who watches looks for them every second',
  });
  try {
    await checkSchema(database.session());
    log.info(`on PostgreSQL ${await database.version()}`);
    const secrets = new Secrets(await secretsKey(database.session()));
    const transactions = config.eventsAddress === undefined ? undefined : transactionsClient(config.eventsAddress);
    const erasures = config.eventsAddress === undefined ? undefined : erasuresClient(config.eventsAddress);
    if (!transactions) log.warn('EVENTS_ADDRESS is not set: transactions and erasures stay in the outbox');
    const relay = new Relay({
      databaseUrl: config.database.url,
      deliverers: {
        ...(transactions && { TRANSACTION: deliverTransactions(transactions) }),
        ...(erasures && { ERASE_USER: deliverErasures(erasures) }),
        MAIL: mailDeliverer({ database, clock, secrets, mailer, links: config.mail.links }),
      },
      // What ordered a mail ends by itself, after an hour.
      attempts: { TRANSACTION: config.outboxAttempts, ERASE_USER: config.outboxAttempts, MAIL: Infinity },
      log,
    });
    const passwords = await passwordHasher(config, database);
    const server = await serve(config, log, { database, changes, clock, passwords, secrets, relay, transactions });
    relay.start();
    const following = followHashCosts(database, passwords, log);
    const removing = startHousekeeping({
      databaseUrl: config.database.url,
      intervalMs: config.housekeepingIntervalMs,
      log,
      run: (signal) => keepHouse(database, config, { clock, log, signal }),
    });
    log.info({ port: server.port }, `serving on ${config.host}:${server.port}`);
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      await server.stop(config.shutdownGraceMs);
      await Promise.all([relay.stop(), following.stop(), removing.stop()]);
      transactions?.close();
      erasures?.close();
      mailer.close();
      await changes.stop();
      await database.close();
    };
    return { log, port: server.port, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

type Parts = Omit<Dependencies, 'pageTokens' | 'limits'>;

async function serve(config: Config, log: Logger, parts: Parts): Promise<RpcServer> {
  const { database } = parts;
  const key = await pageTokenKey(database.session());
  return startServer({
    host: config.host,
    port: config.port,
    services: rpcServices({ ...parts, limits: config.limits, pageTokens: pageTokens(key) }),
    faults,
    log,
    check: () => database.check(),
    maxRequestBytes,
  });
}

async function passwordHasher(config: Config, database: Database): Promise<PasswordHasher> {
  const passwords = await PasswordHasher.create(config.argon2, config.hashing);
  await passwords.resemble(await hashCosts(database.session()));
  return passwords;
}
