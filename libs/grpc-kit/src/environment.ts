import { readFileSync } from 'node:fs';
import { sqlStateOf } from './sql-state.ts';
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

/**
 * Whether a text is an interval as variables give it and PostgreSQL reads it, such as "3 months". It has fewer than 1,000
 * years: what is so long before today is still a time for PostgreSQL.
 */
export function isInterval(text: string): boolean {
  return /^(?:[1-9]\d{0,3} (?:hour|day|week|month)|[1-9]\d{0,2} year)s?$/.test(text);
}

/** DATABASE_URL, with the password of DATABASE_PASSWORD_FILE where that is set. */
export function readDatabaseUrl(env: Environment): string {
  const text = env['DATABASE_URL'];
  const example = 'postgresql://user:password@host:5432/database';
  if (!text) throw new StartupError(`DATABASE_URL is not set: set it to the database's address, such as ${example}.`);
  const url = URL.parse(text);
  // The address holds a password, so that it is not repeated here.
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2) {
    throw new StartupError(`DATABASE_URL is not a PostgreSQL address: set it to one such as ${example}.`);
  }
  const password = readPasswordFile(env, 'DATABASE_PASSWORD_FILE');
  return password === undefined ? text : withPassword(url, password);
}

function withPassword(url: URL, password: string): string {
  if (url.password || url.searchParams.has('password')) {
    throw new StartupError(
      'DATABASE_PASSWORD_FILE is set, and DATABASE_URL has a password too: leave one of them out.',
    );
  }
  // An address without a host, of a socket in the file system, has no place for it but a parameter.
  if (url.host === '') url.searchParams.set('password', password);
  else url.password = encodeURIComponent(password);
  return url.href;
}

/** What the file that a variable names holds, without the newline at its end; undefined where the variable is not set. */
export function readPasswordFile(env: Environment, name: string): string | undefined {
  const path = env[name];
  if (!path) return undefined;
  const password = contentOf(path, name).replace(/\r?\n$/, '');
  if (password === '') throw new StartupError(`${name} is "${path}", which is empty: write the password into it.`);
  return password;
}

/** The password that the service's role shall have; undefined where the role is to be left as it is. */
export function readServicePassword(env: Environment): string | undefined {
  const password = readPasswordFile(env, 'SERVICE_PASSWORD_FILE');
  if (password === undefined || /^[\x20-\x7e]+$/.test(password)) return password;
  // Of others there are several spellings, and clients differ in which one they send.
  throw new StartupError(
    'SERVICE_PASSWORD_FILE holds more than one line of printable ASCII: take a password of these.',
  );
}

function contentOf(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const remedy = 'set it to a file that holds the password and that this user may read.';
    throw new StartupError(`${name} is "${path}", which cannot be read (${sqlStateOf(cause)}): ${remedy}`, { cause });
  }
}

/** How long a task waits for the database to be there, in milliseconds. */
export function readDatabaseWait(env: Environment): number {
  return readInteger(env, 'DATABASE_WAIT_MS', { byDefault: 0, min: 0, max: 3_600_000 });
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export function readLogLevel(env: Environment): string {
  const level = env['LOG_LEVEL'] || 'info';
  if (logLevels.includes(level)) return level;
  throw new StartupError(`LOG_LEVEL is "${level}": set it to one of ${logLevels.join(', ')}.`);
}
