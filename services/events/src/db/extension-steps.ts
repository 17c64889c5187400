import type pg from 'pg';
import { StartupError } from '@tidemark/grpc-kit';
import type { MigrationSession, MigrationStep } from '@tidemark/grpc-kit/postgres';
import { timescaleServer } from './timescale-server.ts';

/**
 * Makes TimescaleDB known to the database, where it is not.
 *
 * @throws StartupError where the server has none, or the database has it in a schema that the migrations do not name
 */
export async function extensionSteps(client: pg.Client): Promise<MigrationStep[]> {
  const { available, schema } = await timescaleServer(client);
  if (available === undefined) {
    throw new StartupError('The database server has no TimescaleDB: install it there, or name another DATABASE_URL.');
  }
  if (schema === 'public') return [];
  if (schema !== undefined) {
    throw new StartupError(
      `TimescaleDB is in the schema ${schema} of the database, not in public: name another database.`,
    );
  }
  return [{ name: 'TimescaleDB', statements: ['CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public'], told: [] }];
}

export async function enableTimescale({ client, take }: MigrationSession): Promise<void> {
  for (const step of await extensionSteps(client)) {
    await take(step).catch((cause: unknown) => {
      if (cause instanceof StartupError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new StartupError(`TimescaleDB cannot be enabled in the database: ${why}`, { cause });
    });
  }
}
