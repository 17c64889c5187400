import { availableParallelism } from 'node:os';
import {
  isInterval,
  readDatabaseUrl,
  readInteger,
  readLogLevel,
  StartupError,
  type Environment,
} from '@tidemark/grpc-kit';
import { migrationConfigOf, type MigrationConfig } from '@tidemark/grpc-kit/postgres';
import type { Limits } from './domain/budget.ts';
import type { Argon2Cost, HashingPool } from './domain/password-hasher.ts';
import { readMail, type MailConfig } from './mail/mail-config.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly argon2: Argon2Cost;
  readonly hashing: HashingPool;
  readonly limits: Limits;
  readonly mail: MailConfig;
  /** host:port of the events service; undefined: transactions stay in the outbox. */
  readonly eventsAddress: string | undefined;
  /** How often a message of the outbox is tried before it becomes a dead letter. */
  readonly outboxAttempts: number;
  /** How long a deleted user is kept; undefined: for ever. */
  readonly purgeAfter: string | undefined;
  /** How long WatchUsers can go back; undefined: for ever. */
  readonly changesRetention: string | undefined;
  /** How often what is too old is removed. */
  readonly housekeepingIntervalMs: number;
  readonly logLevel: string;
  readonly shutdownGraceMs: number;
}

/** What the service is told by its environment; the README lists it. */
export function readConfig(env: Environment = process.env): Config {
  return {
    host: env['USERS_HOST'] || '127.0.0.1',
    port: readInteger(env, 'USERS_PORT', { byDefault: 50_052, min: 0, max: 65_535 }),
    database: {
      url: readDatabaseUrl(env),
      poolSize: readInteger(env, 'DATABASE_POOL_SIZE', { byDefault: 10, min: 1, max: 1_000 }),
    },
    argon2: readArgon2Cost(env),
    hashing: readHashingPool(env),
    limits: readLimits(env),
    mail: readMail(env),
    eventsAddress: readEventsAddress(env),
    outboxAttempts: readInteger(env, 'OUTBOX_ATTEMPTS', { byDefault: 10, min: 1, max: 1_000 }),
    purgeAfter: readRetention(env, 'USERS_PURGE_AFTER', '30 days'),
    changesRetention: readRetention(env, 'USERS_CHANGES_RETENTION', '7 days'),
    housekeepingIntervalMs: readInteger(env, 'USERS_HOUSEKEEPING_INTERVAL_MS', {
      byDefault: 3_600_000,
      min: 1_000,
      max: 2_147_483_647,
    }),
    logLevel: readLogLevel(env),
    shutdownGraceMs: readInteger(env, 'SHUTDOWN_GRACE_MS', { byDefault: 10_000, min: 0, max: 600_000 }),
  };
}

export function readMigrationConfig(env: Environment = process.env): MigrationConfig {
  return migrationConfigOf(env);
}

/**
 * The defaults are OWASP's (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html), and what
 * is below them is for tests.
 */
function readArgon2Cost(env: Environment): Argon2Cost {
  const weak = readWeakAllowed(env);
  const lanes = readInteger(env, 'ARGON2_LANES', { byDefault: 1, min: 1, max: 255 });
  const memory = { byDefault: 19_456, max: 4_194_304 };
  return {
    // Argon2 needs 8 KiB for each lane.
    memoryKib: readInteger(env, 'ARGON2_MEMORY_KIB', { ...memory, min: weak ? 8 * lanes : memory.byDefault }),
    passes: readInteger(env, 'ARGON2_PASSES', { byDefault: 2, min: weak ? 1 : 2, max: 1_000 }),
    lanes,
  };
}

function readWeakAllowed(env: Environment): boolean {
  const text = env['ARGON2_ALLOW_WEAK'] || 'no';
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new StartupError(`ARGON2_ALLOW_WEAK is "${text}": set it to yes for tests, or leave it out.`);
}

function readHashingPool(env: Environment): HashingPool {
  // libuv's threads also read files and look names up; one is left to them at least, and half by default.
  const threads = readInteger(env, 'UV_THREADPOOL_SIZE', { byDefault: 4, min: 1, max: 1_024 });
  const byDefault = Math.max(1, Math.min(availableParallelism(), Math.floor(threads / 2)));
  return {
    atOnce: readInteger(env, 'PASSWORD_HASHES_AT_ONCE', { byDefault, min: 1, max: Math.max(1, threads - 1) }),
    maxWaiting: readInteger(env, 'PASSWORD_HASHES_WAITING', { byDefault: 200, min: 0, max: 100_000 }),
  };
}

function readLimits(env: Environment): Limits {
  const perHour = (name: string, byDefault: number): number =>
    readInteger(env, name, { byDefault, min: 1, max: 1_000_000_000 });
  return {
    attemptsPerAccount: perHour('ATTEMPTS_PER_ACCOUNT', 20),
    attemptsPerAddress: perHour('ATTEMPTS_PER_ADDRESS', 200),
    mailsPerAccount: perHour('MAILS_PER_ACCOUNT', 5),
    mailsPerAddress: perHour('MAILS_PER_ADDRESS', 50),
  };
}

function readEventsAddress(env: Environment): string | undefined {
  const address = env['EVENTS_ADDRESS'];
  if (!address) return undefined;
  const [, port] = /^(?:[^\s:/]+|\[[0-9a-f:]+\]):(\d+)$/i.exec(address) ?? [];
  if (Number(port) >= 1 && Number(port) <= 65_535) return address;
  throw new StartupError(
    `EVENTS_ADDRESS is "${address}": set it to the host and port of events, such as events:50051.`,
  );
}

/** As PostgreSQL reads an interval; undefined for `none`. */
function readRetention(env: Environment, name: string, byDefault: string): string | undefined {
  const text = env[name] || byDefault;
  if (text === 'none') return undefined;
  if (isInterval(text)) return text;
  throw new StartupError(
    `${name} is "${text}": set it to such as "12 hours", "30 days", "3 months" or "1 year", or to "none".`,
  );
}
