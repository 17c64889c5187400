import type { EntityManager } from '@mikro-orm/postgresql';
import { sqlStateOf, StartupError } from '@tidemark/grpc-kit';
import { serviceRole } from './database.ts';
import { migrations } from './migrations/index.ts';
import { insufficientPrivilege } from './sql-states.ts';

const remedy = 'run `npx nx run users:migrate` with the same DATABASE_URL first.';
// https://www.postgresql.org/docs/17/errcodes-appendix.html
const missingStates = new Set([
  '22023', // invalid_parameter_value: the role of the connection is not there
  '3F000', // invalid_schema_name
  '42P01', // undefined_table
]);

/** Refuses a schema that lacks a migration of this version; one that is ahead is fine, another instance is then newer. */
export async function checkSchema(em: EntityManager): Promise<void> {
  const applied = await appliedMigrations(em);
  const missing = migrations.find(({ name }) => !applied.has(name));
  if (missing) throw new StartupError(`The users schema lacks "${missing.name}": ${remedy}`);
}

async function appliedMigrations(em: EntityManager): Promise<Set<string>> {
  try {
    const rows = await em.execute<{ name: string }[]>('select name from users.migrations');
    return new Set(rows.map(({ name }) => name));
  } catch (cause) {
    const state = sqlStateOf(cause);
    if (missingStates.has(state)) throw new StartupError(`The database holds no users schema: ${remedy}`, { cause });
    if (state === insufficientPrivilege) throw schemaUnreadable(cause);
    throw cause;
  }
}

function schemaUnreadable(cause: unknown): StartupError {
  return new StartupError(
    'The users schema cannot be read by the user of DATABASE_URL: run `npx nx run users:migrate` as the owner of the ' +
      `schema, and \`GRANT ${serviceRole} TO\` that user.`,
    { cause },
  );
}
