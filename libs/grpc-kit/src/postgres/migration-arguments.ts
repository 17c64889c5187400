import { parseArgs } from 'node:util';
import { StartupError } from '../startup-error.ts';

/** @throws StartupError with the usage */
export function readMigrationArguments(args: readonly string[] = process.argv.slice(2)): { dryRun: boolean } {
  try {
    const { values } = parseArgs({ args: [...args], options: { 'dry-run': { type: 'boolean', default: false } } });
    return { dryRun: values['dry-run'] };
  } catch {
    throw new StartupError(
      `The arguments "${args.join(' ')}" are not known. Usage: migrate [--dry-run], which prints the SQL and changes nothing.`,
    );
  }
}
