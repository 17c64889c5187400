import {
  PostgreSqlConnection,
  type AbstractSqlConnection,
  type Configuration,
  type Transaction,
} from '@mikro-orm/postgresql';

export interface Capabilities {
  /** The installed version; undefined where the extension is not created in this database. */
  version: string | undefined;
  /** `none` where it is not created. */
  edition: 'community' | 'apache' | 'none';
  /** The server has the extension, so that it can be created. */
  available: boolean;
  /** Where the extension's functions are. */
  schema: string | undefined;
}

/**
 * Asked once per connection pool, and again as long as the extension is not there.
 *
 * @param ctx the transaction to ask in
 */
export async function capabilitiesOf(connection: AbstractSqlConnection, ctx?: Transaction): Promise<Capabilities> {
  const known = probed.get(connection);
  if (known) return known;
  const found = await probe(connection, ctx);
  // What a transaction sees may be rolled back.
  if (found.edition !== 'none' && !ctx) probed.set(connection, found);
  return found;
}

/**
 * What the server will be able to do with the extension, which is created and rolled back for that. Undefined where it
 * cannot be: for lack of rights, say.
 */
export async function capabilitiesOnceCreated(
  config: Configuration,
  createExtension: string,
): Promise<Capabilities | undefined> {
  // One of its own: a session that has had the extension once cannot create it again.
  const connection = new PostgreSqlConnection(config);
  const found: Capabilities[] = [];
  try {
    await connection.connect();
    await connection.transactional(async (ctx) => {
      await connection.execute(createExtension, [], 'run', ctx);
      found.push(await probe(connection, ctx));
      throw new Error('Known now, and rolled back.');
    });
  } catch {
    return found[0];
  } finally {
    await connection.close(true);
  }
  return undefined;
}

/** As messages name it. */
export function spelledServer({ version, edition }: Capabilities): string {
  return version === undefined ? 'none' : `${version} (${edition} edition)`;
}

export function isAtLeastVersion(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

const probed = new WeakMap<AbstractSqlConnection, Capabilities>();

async function probe(connection: AbstractSqlConnection, ctx?: Transaction): Promise<Capabilities> {
  const [row] = await connection.execute<Row[]>(statement, [], 'all', ctx);
  if (!row || row.version === null) {
    return { version: undefined, edition: 'none', available: row?.available ?? false, schema: undefined };
  }
  return {
    version: row.version,
    edition: row.license === 'timescale' ? 'community' : 'apache',
    available: true,
    schema: row.schema ?? undefined,
  };
}

interface Row {
  version: string | null;
  schema: string | null;
  license: string | null;
  available: boolean;
}

const statement = `
  SELECT
    extension.extversion AS version,
    namespace.nspname AS schema,
    current_setting('timescaledb.license', true) AS license,
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS available
  FROM (SELECT) AS one
  LEFT JOIN pg_extension AS extension ON extension.extname = 'timescaledb'
  LEFT JOIN pg_namespace AS namespace ON namespace.oid = extension.extnamespace`;
