import pg from 'pg';
import { rollupsRole } from './as-rollups-owner.ts';
import type { Change } from './hypertable-changes.ts';

/** What gives the rollups that are there to the role that refreshes them. Only a superuser may. */
export async function rollupOwnerChanges(client: pg.Client): Promise<Change[]> {
  // In a dry run the extension may be yet to be created.
  const view = await client.query<{ there: boolean }>(
    `SELECT to_regclass('timescaledb_information.continuous_aggregates') IS NOT NULL AS there`,
  );
  if (!view.rows[0]?.there) return [];
  const { rows } = await client.query<{ name: string }>(
    `SELECT view_name AS name FROM timescaledb_information.continuous_aggregates
     WHERE view_schema = 'events' AND view_owner::text <> $1
     ORDER BY name`,
    [rollupsRole],
  );
  return rows.map(({ name }) => ({
    sql: `ALTER MATERIALIZED VIEW events.${pg.escapeIdentifier(name)} OWNER TO ${rollupsRole}`,
    safety: 'safe',
  }));
}
