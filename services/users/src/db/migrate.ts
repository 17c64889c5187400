import { MikroORM } from '@mikro-orm/postgresql';
import { createLogger, sqlStateOf, StartupError, type Logger } from '@tidemark/grpc-kit';
import {
  loginStep,
  migrateAlone,
  pendingSteps,
  psqlScript,
  readOnlySession,
  standardRegime,
  type MigrationStep,
  type Regime,
} from '@tidemark/grpc-kit/postgres';
import type { Client, ClientConfig } from 'pg';
import { entities, serviceRole } from './database.ts';
import { migrations } from './migrations/index.ts';
import { insufficientPrivilege } from './sql-states.ts';

export interface MigrationSettings {
  readonly regime?: Regime;
  /** What the service's role shall log in with; absent: the role is left as it is. */
  readonly servicePassword?: string | undefined;
}

/** Any number that no other user of the database's advisory locks has. */
const lock = 7_204_051_992;

/**
 * Applies the migrations that are missing, each in a transaction of its own.
 * @param databaseUrl of a user who may create schemas and roles; the tables will be that user's
 * @returns the names of those applied
 */
export async function migrate(
  databaseUrl: string,
  settings: MigrationSettings = {},
  log: Logger = createLogger({ name: 'users', level: 'silent' }),
): Promise<string[]> {
  const { regime = standardRegime } = settings;
  const migrating = migrateAlone(
    { connection: connectionTo(databaseUrl), lock, regime, log },
    async ({ client, take }) => {
      const applied: string[] = [];
      for (const step of await steps(client, settings)) {
        if (await take(step)) applied.push(step.name);
      }
      return applied.filter((step) => migrations.some(({ name }) => name === step));
    },
  );
  return migrating.catch(refuse);
}

/** The SQL that `migrate` would execute; nothing is changed. */
export async function dryRun(databaseUrl: string, settings: MigrationSettings): Promise<string> {
  const looking = readOnlySession(connectionTo(databaseUrl), (client) => steps(client, settings));
  return psqlScript(await looking.catch(refuse), lock, settings.regime ?? standardRegime);
}

function connectionTo(databaseUrl: string): ClientConfig {
  return { connectionString: databaseUrl, application_name: 'tidemark-users-migrate' };
}

async function steps(client: Client, { servicePassword }: MigrationSettings): Promise<MigrationStep[]> {
  // It connects to nothing: a migration is only asked for its statements.
  const orm = new MikroORM({ dbName: 'users', entities });
  const named = migrations.map(({ name, class: MigrationClass }) => ({
    name,
    migration: new MigrationClass(orm.em.getDriver(), orm.config),
  }));
  const pending = await pendingSteps(client, 'users', named);
  return servicePassword === undefined ? pending : [...pending, loginStep(serviceRole, servicePassword)];
}

function refuse(cause: unknown): never {
  if (!(cause instanceof Error) || sqlStateOf(cause) !== insufficientPrivilege) throw cause;
  const why = cause.message.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '');
  const remedy = 'Migrate as a user who owns the schema or may create it, and who may create and grant roles.';
  throw new StartupError(`The migrations were refused: ${why}. ${remedy}`, { cause });
}
