import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { StartupError, type Logger } from '@tidemark/grpc-kit';
import { MissingFeature, Timescale, timescale } from '@tidemark/mikro-orm-timescale';
import type pg from 'pg';
import { withConnection } from './connection.ts';
import { entities } from './entities.ts';
import type { HypertableSettings } from './event-entity.ts';
import { migrations } from './migrations/index.ts';

/** Any number that no other user of the server's advisory locks has. */
const migrationLock = 7_204_051_991;

/** Brings the schema up to date and then sets the hypertable as configured. It needs an administrator's connection. */
export async function migrate(databaseUrl: string, settings: HypertableSettings, log: Logger): Promise<void> {
  await withConnection(connectionTo(databaseUrl), async (client) => {
    // Of several that start at once, the first migrates and the others then find nothing to do.
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await ensureTimescale(client);
    await migrateAlone(databaseUrl, settings, log);
  });
}

async function ensureTimescale(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(`SELECT FROM pg_available_extensions WHERE name = 'timescaledb'`);
  if (rowCount === 0) {
    throw new StartupError('The database server has no TimescaleDB: install it there, or name another DATABASE_URL.');
  }
  try {
    await client.query(`CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`TimescaleDB cannot be enabled in the database: ${why}`, { cause });
  }
  await refuseOtherSchema(client);
}

/** The migrations name TimescaleDB's functions with the schema. */
async function refuseOtherSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = 'timescaledb'`,
  );
  const schema = rows[0]?.schema;
  if (schema === 'public') return;
  throw new StartupError(
    `TimescaleDB is in the schema ${schema} of the database, not in public: name another database.`,
  );
}

async function migrateAlone(databaseUrl: string, settings: HypertableSettings, log: Logger): Promise<void> {
  const orm = new MikroORM({
    clientUrl: databaseUrl,
    driverOptions: connectionTo(databaseUrl),
    entities: entities(settings),
    // A shorter retention is the operator's wish.
    extensions: [Timescale.with({ allowDestructive: true }), Migrator],
    ensureDatabase: false,
    logger: (message) => log.debug(message),
    migrations: { tableName: 'events.migrations', snapshot: false, silent: true, migrationsList: migrations },
  });
  try {
    for (const { name } of await orm.migrator.up()) log.info(`migrated ${name}`);
    for (const { sql, safety } of await timescale(orm.em).apply()) log.info(`set (${safety}): ${sql}`);
  } catch (fault) {
    throw fault instanceof MissingFeature ? refusal(fault) : fault;
  } finally {
    await orm.close(true);
  }
}

function refusal(cause: MissingFeature): StartupError {
  const text =
    cause.feature === 'retention'
      ? 'The database has the Apache edition of TimescaleDB, which keeps no retention policy: ' +
        'use the community edition, or set EVENTS_RETENTION=none and drop old chunks yourself.'
      : cause.message;
  return new StartupError(text, { cause });
}

function connectionTo(databaseUrl: string): pg.ClientConfig {
  return { connectionString: databaseUrl, application_name: 'tidemark-events-migrate' };
}
