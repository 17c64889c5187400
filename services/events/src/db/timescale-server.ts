import type pg from 'pg';
import { sqlStateOf, StartupError } from '@tidemark/grpc-kit';
import { serverVersion } from '@tidemark/grpc-kit/postgres';
import type { Edition } from '../domain/hypertable.ts';

export type { Edition };

/** What the events are kept on. */
export interface TimescaleServer {
  /** PostgreSQL's version. */
  readonly postgres: string;
  /** The version of TimescaleDB that the server would make new databases with; undefined where it has none. */
  readonly available: string | undefined;
  /** The version in this database; undefined where the extension is not created. */
  readonly version: string | undefined;
  /** The schema of its functions. */
  readonly schema: string | undefined;
  /** Undefined where the library is not loaded yet. */
  readonly edition: Edition | undefined;
}

interface Row {
  postgres: string;
  available: string | null;
  version: string | null;
  schema: string | null;
  license: string | null;
}

export async function timescaleServer(database: Pick<pg.ClientBase, 'query'>): Promise<TimescaleServer> {
  const { rows } = await database.query<Row>(statement);
  const [row] = rows;
  if (!row) throw new Error('the database tells nothing of itself');
  return {
    postgres: serverVersion(row.postgres),
    available: row.available ?? undefined,
    version: row.version ?? undefined,
    schema: row.schema ?? undefined,
    edition: row.license === null ? undefined : row.license === 'timescale' ? 'community' : 'apache',
  };
}

const statement = `
  SELECT
    current_setting('server_version') AS postgres,
    (SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb') AS available,
    extension.extversion AS version,
    extension.extnamespace::regnamespace::text AS schema,
    current_setting('timescaledb.license', true) AS license
  FROM (SELECT) AS one
  LEFT JOIN pg_extension AS extension ON extension.extname = 'timescaledb'`;

/** A server whose extension is created in the database. */
export interface CreatedTimescale extends TimescaleServer {
  readonly version: string;
  readonly edition: Edition;
}

/** @throws StartupError where the extension is not created */
export async function createdTimescale(database: Pick<pg.ClientBase, 'query'>): Promise<CreatedTimescale> {
  const server = await timescaleServer(database);
  const { version, edition } = server;
  if (version !== undefined && edition !== undefined) return { ...server, version, edition };
  throw new StartupError(
    'The database has the schema of the events service and no TimescaleDB: restore it from a backup, ' +
      'or name another DATABASE_URL.',
  );
}

/**
 * The edition of the server, also of one whose library no session of this database has loaded; undefined where that
 * takes rights that the user lacks.
 */
export async function editionOf(client: pg.Client): Promise<Edition | undefined> {
  const { edition, available } = await timescaleServer(client);
  if (edition !== undefined || available === undefined) return edition;
  await client.query(`LOAD 'timescaledb-${available}'`).catch(() => undefined);
  return (await timescaleServer(client)).edition;
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html
const undefinedFile = '58P01';

/** TimescaleDB loads the library of the version that the database has, at the first statement of each session. */
export function refuseWithoutLibrary(cause: unknown): never {
  if (!(cause instanceof Error) || sqlStateOf(cause) !== undefinedFile) throw cause;
  throw new StartupError(
    `The database has a version of TimescaleDB that the server has no library for (${cause.message}): install that ` +
      'version on the server, or run "ALTER EXTENSION timescaledb UPDATE" in the database, first thing in a new session.',
    { cause },
  );
}
