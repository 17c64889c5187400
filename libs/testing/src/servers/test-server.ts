import { withConnection } from '@tidemark/grpc-kit/postgres';

/**
 * The server that the tests run on, for a superuser, since they make databases and roles; undefined: each test file has
 * an embedded database of its own.
 */
export const testServerUrl = process.env['TEST_DATABASE_URL'] || undefined;

export type Edition = 'community' | 'apache';

/** The edition of TimescaleDB that test databases have, or those of another server. */
export async function testEdition(serverUrl = testServerUrl): Promise<Edition> {
  if (serverUrl === undefined) return 'community';
  return withConnection({ connectionString: serverUrl }, async (client) => {
    // Only the library knows the setting, and a database without the extension has not loaded it.
    await client.query(`DO $$ BEGIN EXECUTE (
      SELECT format('LOAD %L', 'timescaledb-' || default_version) FROM pg_available_extensions
      WHERE name = 'timescaledb'
    ); END $$`);
    const { rows } = await client.query<{ license: string }>(
      `SELECT current_setting('timescaledb.license') AS license`,
    );
    return rows[0]?.license === 'timescale' ? 'community' : 'apache';
  });
}
