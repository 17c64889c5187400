import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { entities } from './database.ts';
import { migrations } from './migrations/index.ts';

/**
 * Applies the migrations that are missing, each in a transaction of its own.
 * @param databaseUrl of a user who may create schemas and roles; the tables will be that user's
 * @returns the names of those applied
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
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
