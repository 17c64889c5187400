import pg from 'pg';
import { StartupError } from '@tidemark/grpc-kit';
import { migrate } from '../src/db/migrate.ts';
import { log } from './harness.ts';

// A server of the Apache edition on which databases and roles may be created: the embedded one is of the other edition.
const serverUrl = process.env['TIMESCALE_APACHE_URL'];
if (!serverUrl) console.info('TIMESCALE_APACHE_URL is not set: the tests of the Apache edition are skipped.');

(serverUrl ? describe : describe.skip)('on a server of the Apache edition', () => {
  const name = `tidemark_events_${process.pid}`;
  const database = new URL(serverUrl ?? 'postgresql:');
  database.pathname = `/${name}`;
  const server = new pg.Client(serverUrl);

  beforeAll(async () => {
    await server.connect();
    await server.query(`CREATE DATABASE ${name}`);
  });
  afterAll(async () => {
    await server.query(`DROP DATABASE ${name}`);
    await server.end();
  });

  test('a retention is refused in one line that says what to do', async () => {
    const refused = migrate(database.href, { chunkInterval: '1 day', retention: '3 months' }, log);
    await expect(refused).rejects.toMatchObject({
      constructor: StartupError,
      message: expect.stringMatching(/^The database has the Apache edition .* EVENTS_RETENTION=none [^\n]*$/) as string,
    });
  });

  test('several that start at once without one succeed, and the chunk interval is set', async () => {
    const settings = { chunkInterval: '6 hours', retention: undefined } as const;
    await Promise.all([1, 2, 3].map(() => migrate(database.href, settings, log)));
    const client = new pg.Client(database.href);
    await client.connect();
    const { rows } = await client.query('SELECT time_interval::text FROM timescaledb_information.dimensions');
    expect(rows).toEqual([{ time_interval: '06:00:00' }]);
    await client.end();
  });
});
