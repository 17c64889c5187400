import { MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import type pg from 'pg';
import { StartupError, type Logger } from '@tidemark/grpc-kit';
import { withConnection } from './connection.ts';
import { CreateEvents } from './migrations/0001-create-events.ts';

export interface HypertableSettings {
  /** PostgreSQL intervals, such as "1 day". */
  chunkInterval: string;
  /** Undefined: kept for ever. */
  retention: string | undefined;
}

/** Any number that no other user of the server's advisory locks has. */
const migrationLock = 7_204_051_991;

export const migrations = [{ name: '0001-create-events', class: CreateEvents }];

/** Brings the schema up to date and then sets the hypertable as configured. It needs an administrator's connection. */
export async function migrate(databaseUrl: string, settings: HypertableSettings, log: Logger): Promise<void> {
  await withConnection(connectionTo(databaseUrl), async (client) => {
    // Of several that start at once, the first migrates and the others then find nothing to do.
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await migrateAlone(databaseUrl, settings, log);
  });
}

async function migrateAlone(databaseUrl: string, settings: HypertableSettings, log: Logger): Promise<void> {
  await ensureTimescale(databaseUrl);
  const orm = await MikroORM.init({
    clientUrl: databaseUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    ensureDatabase: false,
    logger: (message) => log.debug(message),
    migrations: { tableName: 'events.migrations', snapshot: false, silent: true, migrationsList: migrations },
  } as Parameters<typeof MikroORM.init>[0]);
  try {
    const applied = await orm.migrator.up();
    for (const { name } of applied) log.info(`migrated ${name}`);
  } finally {
    await orm.close(true);
  }
  await withConnection(connectionTo(databaseUrl), (client) => setHypertable(client, settings));
}

async function ensureTimescale(databaseUrl: string): Promise<void> {
  await withConnection(connectionTo(databaseUrl), async (client) => {
    const { rowCount } = await client.query(`SELECT FROM pg_available_extensions WHERE name = 'timescaledb'`);
    if (rowCount === 0) {
      throw new StartupError('The database server has no TimescaleDB: install it there, or name another DATABASE_URL.');
    }
    try {
      await client.query(`CREATE EXTENSION IF NOT EXISTS timescaledb`);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new StartupError(`TimescaleDB cannot be enabled in the database: ${why}`, { cause });
    }
  });
}

/** The chunk interval counts for chunks made from now on. */
async function setHypertable(client: pg.Client, { chunkInterval, retention }: HypertableSettings): Promise<void> {
  await client.query(`SELECT set_chunk_time_interval('events.events', $1::interval)`, [chunkInterval]);
  const { rows } = await client.query<{ same: boolean | null }>(
    `SELECT (config ->> 'drop_after')::interval = $1::interval AS same
     FROM timescaledb_information.jobs
     WHERE proc_name = 'policy_retention' AND hypertable_schema = 'events' AND hypertable_name = 'events'`,
    [retention ?? null],
  );
  const [installed] = rows;
  if (installed ? installed.same : !retention) return;
  await refuseApacheEdition(client);
  await client.query('BEGIN');
  await client.query(`SELECT remove_retention_policy('events.events', if_exists => true)`);
  if (retention) await client.query(`SELECT add_retention_policy('events.events', $1::interval)`, [retention]);
  await client.query('COMMIT');
}

async function refuseApacheEdition(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ license: string }>(`SELECT current_setting('timescaledb.license') AS license`);
  if (rows[0]?.license !== 'apache') return;
  throw new StartupError(
    'The database has the Apache edition of TimescaleDB, which keeps no retention policy: ' +
      'use the community edition, or set EVENTS_RETENTION=none and drop old chunks yourself.',
  );
}

function connectionTo(databaseUrl: string): pg.ClientConfig {
  return { connectionString: databaseUrl, application_name: 'tidemark-events-migrate' };
}
