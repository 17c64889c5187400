import {
  isInterval,
  readDatabaseUrl,
  readInteger,
  readLogLevel,
  StartupError,
  type Environment,
} from '@tidemark/grpc-kit';
import { migrationConfigOf, type MigrationConfig } from '@tidemark/grpc-kit/postgres';
import type { TextInterval } from './db/hypertable-settings.ts';
import type { IpMode } from './domain/ip-address.ts';

export interface EventsMigrationConfig extends MigrationConfig {
  readonly chunkInterval: TextInterval;
  /** Undefined: kept for ever. */
  readonly retention: TextInterval | undefined;
  /** False: by no policy. */
  readonly columnstoreAfter: TextInterval | false;
  readonly hourlyRetention: TextInterval | undefined;
  readonly dailyRetention: TextInterval | undefined;
}

export interface EventsConfig {
  databaseUrl: string;
  host: string;
  port: number;
  poolSize: number;
  /** How often the service drops old chunks itself, where the database has no policy for it. */
  retentionJobIntervalMs: number;
  shutdownGraceMs: number;
  /** How many batches of events are written side by side. */
  writers: number;
  ipMode: IpMode;
  logLevel: string;
}

export function readConfig(env: Environment = process.env): EventsConfig {
  return {
    databaseUrl: readDatabaseUrl(env),
    host: env['EVENTS_HOST'] || '127.0.0.1',
    port: readInteger(env, 'EVENTS_PORT', { byDefault: 50_051, min: 0, max: 65_535 }),
    poolSize: readInteger(env, 'DATABASE_POOL_SIZE', { byDefault: 10, min: 1, max: 1_000 }),
    // As often as TimescaleDB's own policy does, unless told otherwise.
    retentionJobIntervalMs: readInteger(env, 'EVENTS_RETENTION_JOB_INTERVAL_MS', {
      byDefault: 86_400_000,
      min: 1_000,
      max: 2_147_483_647,
    }),
    shutdownGraceMs: readInteger(env, 'SHUTDOWN_GRACE_MS', { byDefault: 10_000, min: 0, max: 3_600_000 }),
    writers: readInteger(env, 'EVENTS_WRITERS', { byDefault: 2, min: 1, max: 64 }),
    ipMode: ipMode(env['EVENTS_IP_ADDRESSES'] || 'full'),
    logLevel: readLogLevel(env),
  };
}

function ipMode(text: string): IpMode {
  if (text === 'full' || text === 'truncated' || text === 'none') return text;
  throw new StartupError(`EVENTS_IP_ADDRESSES is "${text}": choose full, truncated or none.`);
}

export function readMigrationConfig(env: Environment = process.env): EventsMigrationConfig {
  const columnstoreAfter = env['EVENTS_COLUMNSTORE_AFTER'] || '7 days';
  return {
    ...migrationConfigOf(env),
    chunkInterval: interval('EVENTS_CHUNK_INTERVAL', env['EVENTS_CHUNK_INTERVAL'] || '1 day'),
    retention: retention('EVENTS_RETENTION', env['EVENTS_RETENTION'] || '3 months'),
    columnstoreAfter: columnstoreAfter === 'none' ? false : interval('EVENTS_COLUMNSTORE_AFTER', columnstoreAfter),
    hourlyRetention: retention('EVENTS_HOURLY_RETENTION', env['EVENTS_HOURLY_RETENTION'] || '1 year'),
    dailyRetention: retention('EVENTS_DAILY_RETENTION', env['EVENTS_DAILY_RETENTION'] || '5 years'),
  };
}

function retention(name: string, text: string): TextInterval | undefined {
  return text === 'none' ? undefined : interval(name, text);
}

function interval(name: string, text: string): TextInterval {
  if (isTextInterval(text)) return text;
  throw new StartupError(
    `${name} is "${text}": write it such as "12 hours", "1 day", "2 weeks", "3 months", "1 year".`,
  );
}

function isTextInterval(text: string): text is TextInterval {
  return isInterval(text);
}
