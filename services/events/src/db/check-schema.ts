import type pg from 'pg';
import { sqlStateOf, StartupError } from '@tidemark/grpc-kit';
import { migrations } from './migrations/index.ts';
import { refuseWithoutLibrary } from './timescale-server.ts';

const remedy = 'run "npx nx run events:migrate" with the same DATABASE_URL first.';
// https://www.postgresql.org/docs/17/errcodes-appendix.html
const missingStates = new Set([
  '22023', // invalid_parameter_value: the role of the connection is not there
  '3F000', // invalid_schema_name
  '42P01', // undefined_table
]);

/** Refuses a schema that lacks a migration of this version; one that is ahead is fine. */
export async function checkSchema(pool: pg.Pool): Promise<void> {
  const applied = await appliedMigrations(pool);
  const missing = migrations.find(({ name }) => !applied.has(name));
  if (missing) throw new StartupError(`The schema of the events service lacks "${missing.name}": ${remedy}`);
}

async function appliedMigrations(pool: pg.Pool): Promise<Set<string>> {
  try {
    const { rows } = await pool.query<{ name: string }>('SELECT name FROM events.migrations');
    return new Set(rows.map(({ name }) => name));
  } catch (cause) {
    if (missingStates.has(sqlStateOf(cause))) {
      throw new StartupError(`The database holds no schema of the events service: ${remedy}`, { cause });
    }
    return refuseWithoutLibrary(cause);
  }
}
