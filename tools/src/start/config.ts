import { resolve } from 'node:path';

export interface StartConfig {
  /** Undefined: the embedded database. */
  databaseUrl: string | undefined;
  dataDir: string;
  eventsPort: number;
  usersPort: number;
}

/** What the person who starts it has to mend; one line. */
export class CannotStart extends Error {}

export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): StartConfig {
  return {
    databaseUrl: env['DATABASE_URL'] || undefined,
    dataDir: resolve(env['TIDEMARK_DATA_DIR'] || '.tidemark'),
    eventsPort: port(env, 'EVENTS_PORT', 50_051),
    usersPort: port(env, 'USERS_PORT', 50_052),
  };
}

function port(env: Readonly<Record<string, string | undefined>>, name: string, byDefault: number): number {
  const text = env[name];
  if (!text) return byDefault;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 65_535) return value;
  throw new CannotStart(`${name} is "${text}": it must be a port from 1 to 65535.`);
}
