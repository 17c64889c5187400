import { TableNotFoundException, type EntityManager } from '@mikro-orm/postgresql';
import { migrations } from './migrations/index.ts';

/** The schema is not there or lacks migrations that this version of the service needs. */
export class SchemaBehind extends Error {}

const undefinedRole = '22023';

/** A schema that is ahead is fine: another instance has been upgraded before this one. */
export async function checkSchema(em: EntityManager): Promise<void> {
  const applied = await appliedMigrations(em);
  const missing = migrations.map(({ name }) => name).filter((name) => !applied.has(name));
  if (missing.length > 0) throw new SchemaBehind(`migrations not applied: ${missing.join(', ')}`);
}

async function appliedMigrations(em: EntityManager): Promise<Set<string>> {
  try {
    const rows = await em.execute<{ name: string }[]>('select name from users.migrations');
    return new Set(rows.map(({ name }) => name));
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (cause instanceof TableNotFoundException || code === undefinedRole) return new Set();
    throw cause;
  }
}
