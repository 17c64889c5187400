import { Client } from 'pg';
import { isAtLeastVersion } from '../src/catalog/capabilities.ts';

/**
 * The server that the tests run on, as TEST_DATABASE_URL names it, for a superuser since tests make roles; undefined is
 * the embedded database, one for each test file.
 */
export const serverUrl = process.env['TEST_DATABASE_URL'] || undefined;

interface Server {
  /** The version of TimescaleDB that its databases get. */
  version: string;
  edition: 'community' | 'apache';
}

export const server: Server =
  serverUrl === undefined ? { version: '2.23.0', edition: 'community' } : await ask(serverUrl);

const isCommunity = server.edition === 'community';

/** `test` where there are columnstore, continuous aggregates, policies and chunk skipping; else it is skipped. */
export const onCommunity = testIf(isCommunity);

export const onApache = testIf(!isCommunity);

/** For what takes real connections, locks and background workers, none of which the embedded database has. */
export const onServer = testIf(serverUrl !== undefined);

export const onSparseIndexes = testIf(isCommunity && hasVersion('2.22'));

export function testIf(condition: boolean): jest.It {
  return condition ? test : test.skip;
}

/** Whether TimescaleDB has at least this version there. */
export function hasVersion(wanted: string): boolean {
  return isAtLeastVersion(server.version, wanted);
}

/** Options, or what is expected of them, that only the community edition has. */
export function onlyCommunity<Options extends object>(options: Options): Partial<Options> {
  return isCommunity ? options : {};
}

async function ask(url: string): Promise<Server> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>(
      `SELECT default_version AS version FROM pg_available_extensions WHERE name = 'timescaledb'`,
    );
    const version = rows[0]?.version;
    if (version === undefined) throw new Error('TEST_DATABASE_URL: the server has no TimescaleDB. Name one that has.');
    // Only the library of that version knows its licence, and only in a database with the extension is it loaded.
    await client.query(`LOAD '$libdir/timescaledb-${version}'`);
    const license = await client.query<{ name: string }>(`SELECT current_setting('timescaledb.license') AS name`);
    return { version, edition: license.rows[0]?.name === 'timescale' ? 'community' : 'apache' };
  } finally {
    await client.end();
  }
}
