import { resolve } from 'node:path';
import { readInteger, StartupError, type Environment } from '@tidemark/grpc-kit';

export interface StartConfig {
  /** Undefined: the embedded database. */
  databaseUrl: string | undefined;
  dataDir: string;
  events: Address;
  users: Address;
  /** How long the services may take to finish their calls. */
  shutdownGraceMs: number;
}

export interface Address {
  host: string;
  port: number;
}

export function readConfig(env: Environment = process.env): StartConfig {
  const config = {
    databaseUrl: env['DATABASE_URL'] || undefined,
    dataDir: resolve(env['TIDEMARK_DATA_DIR'] || '.tidemark'),
    events: {
      host: env['EVENTS_HOST'] || '127.0.0.1',
      port: readInteger(env, 'EVENTS_PORT', { byDefault: 50_051, min: 1, max: 65_535 }),
    },
    users: {
      host: env['USERS_HOST'] || '127.0.0.1',
      port: readInteger(env, 'USERS_PORT', { byDefault: 50_052, min: 1, max: 65_535 }),
    },
    shutdownGraceMs: readInteger(env, 'SHUTDOWN_GRACE_MS', { byDefault: 10_000, min: 0, max: 3_600_000 }),
  };
  if (config.events.port === config.users.port) {
    throw new StartupError(`EVENTS_PORT and USERS_PORT are both ${config.events.port}: set them to two ports.`);
  }
  return config;
}

/** An address to call: a service that listens everywhere is called here. */
export function addressToCall({ host, port }: Address): string {
  if (host === '0.0.0.0' || host === '::') return `127.0.0.1:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
