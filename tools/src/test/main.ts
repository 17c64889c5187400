// `npm test`: formatting, lint, types, builds, and the tests of every project on the embedded database or, where
// TEST_DATABASE_URL is set, on that server; then those that failed, and the count of all tests on the last line.
import { lineOf, reportOf, runSuite } from './suite.ts';

const result = await runSuite(
  'npm-test',
  process.env['TEST_DATABASE_URL'] ? 'the server of TEST_DATABASE_URL' : 'the embedded TimescaleDB',
  [
    { command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
    {
      command: 'nx',
      args: ['run-many', '-t', 'lint', 'typecheck', 'build', 'test', '--output-style=static', ...process.argv.slice(2)],
    },
  ],
  process.env,
);
process.stdout.write(`\n${reportOf(result)}${lineOf(result)}\n`);
process.exit(result.failed === 0 ? 0 : 1);
