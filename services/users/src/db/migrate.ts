import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { sqlStateOf, StartupError } from '@tidemark/grpc-kit';
import { entities } from './database.ts';
import { GuardedClient } from './guarded-client.ts';
import { migrations } from './migrations/index.ts';
import { insufficientPrivilege } from './sql-states.ts';

/** Any number that no other user of the server's advisory locks has. */
const migrationLock = 7_204_051_992;

/**
 * Applies the migrations that are missing, each in a transaction of its own.
 * @param databaseUrl of a user who may create schemas and roles; the tables will be that user's
 * @returns the names of those applied
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = new GuardedClient({ connectionString: databaseUrl });
  await client.connect();
  try {
    // Of several that start at once, the first migrates and the others then find nothing to do.
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    return await migrateAlone(databaseUrl);
  } catch (cause) {
    throw sqlStateOf(cause) === insufficientPrivilege ? refused(cause as Error) : cause;
  } finally {
    await client.end();
  }
}

function refused(cause: Error): StartupError {
  const why = cause.message.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '');
  const remedy = 'Migrate as a user who owns the schema or may create it, and who may create and grant roles.';
  return new StartupError(`The migrations were refused: ${why}. ${remedy}`, { cause });
}

async function migrateAlone(databaseUrl: string): Promise<string[]> {
  const orm = new MikroORM({
    clientUrl: databaseUrl,
    driverOptions: { connectionString: databaseUrl },
    pool: { min: 0, max: 1 },
    entities,
    extensions: [Migrator],
    migrations: {
      migrationsList: [...migrations],
      tableName: 'users.migrations',
      snapshot: false,
      allOrNothing: false,
      // Turning foreign keys off takes a superuser.
      disableForeignKeys: false,
      silent: true,
    },
  });
  try {
    const applied = await orm.migrator.up();
    return applied.map(({ name }) => name);
  } finally {
    await orm.close();
  }
}
