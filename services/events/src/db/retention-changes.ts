import pg from 'pg';
import { retentionsOf, type HypertableSettings } from './hypertable-settings.ts';
import type { Change } from './hypertable-changes.ts';
import type { Edition } from './timescale-server.ts';

/**
 * What keeps the retentions in events.retentions, for the service's own job, where the edition has no policy for them;
 * what takes them away where it has, so that there is one mechanism and never two.
 */
export async function retentionChanges(
  client: pg.Client,
  edition: Edition,
  settings: HypertableSettings,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const [hypertable, wanted] of Object.entries(retentionsOf(settings))) {
    changes.push(...(await changesOf(client, hypertable, edition === 'apache' ? wanted : undefined)));
  }
  return changes;
}

async function changesOf(client: pg.Client, hypertable: string, wanted: string | undefined): Promise<Change[]> {
  const { kept, same, keeps_more: keepsMore } = await compare(client, hypertable, wanted);
  const name = pg.escapeLiteral(hypertable);
  if (wanted === undefined) {
    return kept ? [{ sql: `DELETE FROM events.retentions WHERE hypertable = ${name}`, safety: 'safe' }] : [];
  }
  if (same) return [];
  const sql =
    `INSERT INTO events.retentions (hypertable, drop_after) VALUES (${name}, ${pg.escapeLiteral(wanted)}) ` +
    'ON CONFLICT (hypertable) DO UPDATE SET drop_after = excluded.drop_after';
  return [{ sql, safety: keepsMore ? 'safe' : 'destructive' }];
}

interface Row {
  kept: boolean;
  same: boolean;
  keeps_more: boolean;
}

const nothingKept: Row = { kept: false, same: false, keeps_more: false };

async function compare(client: pg.Client, hypertable: string, wanted: string | undefined): Promise<Row> {
  // In a dry run the migrations may be yet to make the table.
  const table = await client.query<{ there: boolean }>(`SELECT to_regclass('events.retentions') IS NOT NULL AS there`);
  if (!table.rows[0]?.there) return nothingKept;
  const { rows } = await client.query<Row>(
    // As text: to PostgreSQL a month is equal to thirty days.
    `SELECT
       true AS kept,
       coalesce(drop_after::text = $2::interval::text, false) AS same,
       coalesce(drop_after <= $2::interval, false) AS keeps_more
     FROM events.retentions
     WHERE hypertable = $1`,
    [hypertable, wanted ?? null],
  );
  return rows[0] ?? nothingKept;
}
