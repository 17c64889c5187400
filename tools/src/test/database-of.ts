import { withConnection } from '@tidemark/grpc-kit/postgres';
import { testEdition } from '@tidemark/testing';

/** What a server is, in words. */
export async function databaseOf(url: string, env: NodeJS.ProcessEnv): Promise<string> {
  return withConnection({ connectionString: url }, async (client) => {
    const { rows } = await client.query<{ postgres: string; timescale: string }>(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS postgres, default_version AS timescale
       FROM pg_available_extensions WHERE name = 'timescaledb'`,
    );
    const [found] = rows;
    const where = env['TIMESCALE_IMAGE'] ? `a container of ${env['TIMESCALE_IMAGE']}` : 'a chroot';
    const edition = await testEdition(url);
    return `TimescaleDB ${found?.timescale ?? ''} (${edition} edition) on PostgreSQL ${found?.postgres ?? ''} in ${where}`;
  });
}
