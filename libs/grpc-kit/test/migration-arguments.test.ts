import { readMigrationArguments } from '../src/postgres/migration-arguments.ts';
import { StartupError } from '../src/startup-error.ts';

test('a migration takes --dry-run and nothing else', () => {
  expect(readMigrationArguments([])).toEqual({ dryRun: false });
  expect(readMigrationArguments(['--dry-run'])).toEqual({ dryRun: true });
});

test.each([['--dry'], ['--dry-run', 'now'], ['--dry-run=false'], ['-n']])('%s is refused with the usage', (...args) => {
  expect(() => readMigrationArguments(args)).toThrow(StartupError);
  expect(() => readMigrationArguments(args)).toThrow(
    /^The arguments .* are not known. Usage: migrate \[--dry-run\][^\n]*$/,
  );
});
