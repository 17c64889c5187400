import { readDatabaseUrl, readInteger, readLogLevel, StartupError, type Environment } from '@tidemark/grpc-kit';
import { migrationConfigOf, type MigrationConfig } from '@tidemark/grpc-kit/postgres';
import type { Argon2Cost } from './domain/password-hasher.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly argon2: Argon2Cost;
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

/** The defaults are OWASP's (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). */
function readArgon2Cost(env: Environment): Argon2Cost {
  const lanes = readInteger(env, 'ARGON2_LANES', { byDefault: 1, min: 1, max: 255 });
  return {
    // Argon2 needs 8 KiB for each lane.
    memoryKib: readInteger(env, 'ARGON2_MEMORY_KIB', { byDefault: 19_456, min: 8 * lanes, max: 4_194_304 }),
    passes: readInteger(env, 'ARGON2_PASSES', { byDefault: 2, min: 1, max: 1_000 }),
    lanes,
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
  if (/^[1-9]\d{0,3} (hour|day|week|month|year)s?$/.test(text)) return text;
  throw new StartupError(
    `${name} is "${text}": set it to such as "12 hours", "30 days", "3 months" or "1 year", or to "none".`,
  );
}
