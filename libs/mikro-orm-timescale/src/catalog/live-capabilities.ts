import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';
import { capabilitiesOf, type Capabilities } from './capabilities.ts';

/** What the server can do, and whether it does its background work. The latter may change, and is asked every time. */
export interface LiveCapabilities extends Capabilities {
  /** The installed version of timescaledb_toolkit; undefined where it is not created in this database. */
  toolkit: string | undefined;
  backgroundWorkers: {
    /**
     * Whether a scheduler runs this database's jobs. Undefined where the role may not see: it needs pg_read_all_stats.
     * The embedded database has none; `runJob()` takes its place there.
     */
    running: boolean | undefined;
    /** `timescaledb.max_background_workers`, for all databases of the server. Undefined where there are none at all. */
    max: number | undefined;
  };
}

export async function readCapabilities(
  connection: AbstractSqlConnection,
  ctx?: Transaction,
): Promise<LiveCapabilities> {
  const [row] = await connection.execute<Row[]>(statement, [], 'all', ctx);
  return {
    ...(await capabilitiesOf(connection, ctx)),
    toolkit: row?.toolkit ?? undefined,
    backgroundWorkers: { running: row?.running ?? undefined, max: row?.max ?? undefined },
  };
}

interface Row {
  toolkit: string | null;
  running: boolean | null;
  max: number | null;
}

// Of sessions that a role may not see, pg_stat_activity does not tell what they are.
const statement = `
  SELECT
    (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb_toolkit') AS toolkit,
    EXISTS (
      SELECT
      FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'TimescaleDB Background Worker Scheduler'
    ) OR CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN false END AS running,
    current_setting('timescaledb.max_background_workers', true)::int AS max`;
