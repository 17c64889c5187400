import { beginning, type MigrationStep } from './migration-step.ts';
import type { Regime } from './regime.ts';

/** What a run would execute, for people to read and for psql to run. */
export function psqlScript(steps: readonly MigrationStep[], lock: number, { lockTimeoutMs }: Regime): string {
  if (steps.length === 0) return '-- Nothing to do: the schema is up to date.\n';
  const parts = steps.map(({ name, statements, printed }) =>
    [`-- ${name}`, ...[...beginning(lockTimeoutMs), ...(printed ?? statements), 'COMMIT'].map(ended)].join('\n'),
  );
  // What a run does by itself: it stops at the first error, and waits for others that migrate.
  const head = `\\set ON_ERROR_STOP on\nSELECT pg_advisory_lock(${lock});`;
  return `${[head, ...parts].join('\n\n')}\n`;
}

function ended(statement: string): string {
  const lines = statement.trim().replace(/;$/, '');
  return lines.startsWith('--') ? lines : `${lines};`;
}
