import { StartupError } from './startup-error.ts';

/** The variables that a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function readInteger(
  env: Environment,
  name: string,
  range: { byDefault: number; min: number; max: number },
): number {
  const text = env[name];
  if (!text) return range.byDefault;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value;
  throw new StartupError(`${name} is "${text}": set it to a whole number from ${range.min} to ${range.max}.`);
}

export function readDatabaseUrl(env: Environment): string {
  const text = env['DATABASE_URL'];
  const example = 'postgresql://user:password@host:5432/database';
  if (!text) throw new StartupError(`DATABASE_URL is not set: set it to the database's address, such as ${example}.`);
  const url = URL.parse(text);
  // The address holds a password, so that it is not repeated here.
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2) {
    throw new StartupError(`DATABASE_URL is not a PostgreSQL address: set it to one such as ${example}.`);
  }
  return text;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export function readLogLevel(env: Environment): string {
  const level = env['LOG_LEVEL'] || 'info';
  if (logLevels.includes(level)) return level;
  throw new StartupError(`LOG_LEVEL is "${level}": set it to one of ${logLevels.join(', ')}.`);
}
