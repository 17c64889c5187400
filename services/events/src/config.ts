import { readDatabaseUrl, readInteger, readLogLevel, StartupError, type Environment } from '@tidemark/grpc-kit';
import type { Interval } from '@tidemark/mikro-orm-timescale';

export interface MigrationConfig {
  databaseUrl: string;
  chunkInterval: Interval;
  /** Undefined: kept for ever. */
  retention: Interval | undefined;
  logLevel: string;
}

export interface EventsConfig {
  databaseUrl: string;
  host: string;
  port: number;
  poolSize: number;
  shutdownGraceMs: number;
  logLevel: string;
}

export function readConfig(env: Environment = process.env): EventsConfig {
  return {
    databaseUrl: readDatabaseUrl(env),
    host: env['EVENTS_HOST'] || '127.0.0.1',
    port: readInteger(env, 'EVENTS_PORT', { byDefault: 50_051, min: 0, max: 65_535 }),
    poolSize: readInteger(env, 'DATABASE_POOL_SIZE', { byDefault: 10, min: 1, max: 1_000 }),
    shutdownGraceMs: readInteger(env, 'SHUTDOWN_GRACE_MS', { byDefault: 10_000, min: 0, max: 3_600_000 }),
    logLevel: readLogLevel(env),
  };
}

export function readMigrationConfig(env: Environment = process.env): MigrationConfig {
  const retention = env['EVENTS_RETENTION'] || '3 months';
  return {
    databaseUrl: readDatabaseUrl(env),
    chunkInterval: interval('EVENTS_CHUNK_INTERVAL', env['EVENTS_CHUNK_INTERVAL'] || '1 day'),
    retention: retention === 'none' ? undefined : interval('EVENTS_RETENTION', retention),
    logLevel: readLogLevel(env),
  };
}

function interval(name: string, text: string): Interval {
  if (isInterval(text)) return text;
  throw new StartupError(
    `${name} is "${text}": write it such as "12 hours", "1 day", "2 weeks", "3 months", "1 year".`,
  );
}

function isInterval(text: string): text is Extract<Interval, string> {
  return /^[1-9]\d{0,3} (hour|day|week|month|year)s?$/.test(text);
}
