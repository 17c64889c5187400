import { runJob, runPolicies, type MovedTime, type RanPolicy } from './run-policies.ts';
import { copyOnServer } from './template-database.ts';
import { startFromFile } from './template-file.ts';

interface Template {
  /**
   * A digest of whatever the schema depends on, see `digestOf()`: databases with the same key begin from the same
   * template.
   */
  key: string;
  /** Fills the template, from an empty database to what every test begins with. It closes the connections it opened. */
  migrate: (url: string) => Promise<unknown>;
}

export interface OnServer extends Template {
  /**
   * The URL of a PostgreSQL server, 14 or later, with TimescaleDB or without. Its user may create databases; the
   * database that it names is only connected to.
   */
  server: string;
}

export interface OnEmbeddedServer<S extends EmbeddedServer> extends Template {
  /** Starts a server in memory, empty or from the file that `snapshot()` wrote. It runs no jobs by itself. */
  server: (from: { template?: string }) => Promise<S>;
  /** Where the template files are. Default: node_modules/.cache/mikro-orm-timescale. */
  cacheDir?: string;
}

export interface EmbeddedServer {
  readonly url: string;
  /** Writes everything into one file. */
  snapshot(file: string): Promise<void>;
  stop(): Promise<void>;
}

export interface TestDatabase extends AsyncDisposable {
  /** For the user of the server's URL, who owns it. */
  readonly url: string;
  /** See `runPolicies()`; here for all hypertables and continuous aggregates. */
  runPolicies(time?: MovedTime): Promise<RanPolicy[]>;
  /** See `runJob()`. */
  runJob(id: number, time?: MovedTime): Promise<void>;
  /** Ends what is connected to it. May be called twice. An embedded server is stopped. */
  drop(): Promise<void>;
}

/**
 * A fresh database from a template, for one test or one file of tests. Many processes may ask at once: on a server the
 * template is made by one of them while the others wait.
 *
 * No background worker of TimescaleDB is ever in the template or its copies: none runs a policy in the middle of a test,
 * keeps a database from being copied, or meets a DROP in a deadlock. They are marked as template databases
 * (`datistemplate`), which TimescaleDB's launcher passes over, so that only `drop()` can drop them.
 *
 * What a killed process leaves is dropped by the next call with the same user: a process holds an advisory lock for each
 * database of its own, which ends with its connection. So each of these databases costs a second connection. Templates
 * that are a day old go when another is made.
 *
 * @throws MayNotCreateDatabases, and whatever `migrate` does; then no template is left, and the next call tries again
 */
export function testDatabase(options: OnServer): Promise<TestDatabase>;
/** The same where one server has one database; `server` is what was started. */
export function testDatabase<S extends EmbeddedServer>(
  options: OnEmbeddedServer<S>,
): Promise<TestDatabase & { readonly server: S }>;
export async function testDatabase(
  options: OnServer | OnEmbeddedServer<EmbeddedServer>,
): Promise<TestDatabase & { readonly server?: EmbeddedServer }> {
  if (isOnServer(options)) {
    const { url, drop } = await copyOnServer(options);
    return database(url, drop);
  }
  const server = await startFromFile(options);
  return { ...database(server.url, () => server.stop()), server };
}

function isOnServer(options: OnServer | OnEmbeddedServer<EmbeddedServer>): options is OnServer {
  return typeof options.server === 'string';
}

function database(url: string, dropIt: () => Promise<void>): TestDatabase {
  let dropped: Promise<void> | undefined;
  const drop = (): Promise<void> => (dropped ??= dropIt());
  return {
    url,
    runPolicies: (time) => runPolicies(url, time),
    runJob: (id, time) => runJob(url, id, time),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}
