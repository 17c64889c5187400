// `npm run test:container`: the tests of every project that uses a database, on a real TimescaleDB in a container of
// TIMESCALE_IMAGE; with `--local-images`, of an image that is made here without a registry.
import { parseArgs } from 'node:util';
import { realServerOf } from '@tidemark/testing';
import { databaseOf } from './database-of.ts';
import { localImages } from './local-images.ts';
import { lineOf, recordFailure, reportOf, runSuite } from './suite.ts';

const productionImage = 'timescale/timescaledb:2.29.2-pg17';
// These two know no database server: one is the embedded database itself.
const exclude = '--exclude=dev-db,grpc-kit';

const suite = 'container';
// Until it has counted, it has failed.
recordFailure(suite, 'a real TimescaleDB, which did not start');
const { values } = parseArgs({ options: { 'local-images': { type: 'boolean', default: false } } });
const image = process.env['TIMESCALE_IMAGE'] || productionImage;
// Testcontainers reads the environment, too.
Object.assign(process.env, values['local-images'] ? await localImages() : { TIMESCALE_IMAGE: image });
const server = await realServerOf(process.env)?.();
if (!server) throw new Error('There is neither an image nor a root folder to start TimescaleDB from.');
// A Ctrl-C reaches the tests as well, and when these have ended the server is stopped.
process.on('SIGINT', () => undefined);
try {
  const result = await runSuite(
    suite,
    await databaseOf(server.url, process.env),
    // What is right on one server may be wrong on another: nothing comes from the cache.
    [{ command: 'nx', args: ['run-many', '-t', 'test', exclude, '--skip-nx-cache', '--output-style=static'] }],
    { ...process.env, TEST_DATABASE_URL: server.url },
  );
  process.stdout.write(`\n${reportOf(result)}on ${result.database}: ${lineOf(result)}\n`);
  process.exitCode = result.failed === 0 ? 0 : 1;
} finally {
  await server.stop();
}
