import pg from 'pg';
import type { Change } from './hypertable-changes.ts';
import type { HypertableSettings } from './hypertable-settings.ts';
import { retentionsSql } from './retentions-sql.ts';
import type { Parts, RefreshLimits, RollupWidth } from './rollup-settings.ts';

/** What a longer retention does not bring back: events that the shorter one has dropped, of which rollups hold numbers. */
export interface Gone {
  /** How far back refreshes may reach, so as not to empty these numbers. */
  readonly limits: RefreshLimits;
  /** What remembers from when to when events are gone; nothing unless the retention becomes longer. */
  readonly changes: readonly Change[];
}

const nothingGone: Gone = { limits: {}, changes: [] };

/** Looks at a database whose retention may be about to become longer. */
export async function goneEvents(client: pg.Client, { retention }: HypertableSettings): Promise<Gone> {
  // In a dry run they may be yet to be made; the Apache edition has no rollups.
  const tables = await client.query<{ there: boolean }>(
    `SELECT to_regclass('events.events_daily') IS NOT NULL AND to_regclass('events.retentions') IS NOT NULL AS there`,
  );
  if (!tables.rows[0]?.there) return nothingGone;
  const { rows } = await client.query<Row>(statement, [retention ?? null]);
  const [row] = rows;
  if (!row) return nothingGone;
  const { gone_from: from, gone_to: to, is_longer: isLonger, refreshes } = row;
  return {
    limits: Object.fromEntries(
      refreshes.map(({ width, months, hours, events }) => [width, { refreshed: { months, hours }, events }]),
    ),
    changes: isLonger ? [{ sql: remembering(from, to), safety: 'safe' }] : [],
  };
}

interface Row {
  /** Where the numbers begin whose events are gone, */
  gone_from: string;
  /** and where there are events. */
  gone_to: string;
  is_longer: boolean;
  /** How far back each rollup is refreshed now, and how far back there are events, in hours. */
  refreshes: (Parts & { width: RollupWidth; events: number })[];
}

// No row where there are events for all that is in the daily rollup.
const statement = `
  WITH kept AS (
    SELECT kept FROM (${retentionsSql}) AS retention WHERE hypertable = 'events'
  ), oldest AS (
    SELECT coalesce(min(range_start), now() - (SELECT kept FROM kept)) AS chunk
    FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'events' AND hypertable_name = 'events'
  ), gone AS (
    SELECT min(bucket) AS bucket, least(oldest.chunk, now() - (SELECT kept FROM kept)) AS ends
    FROM events.events_daily, oldest
    WHERE bucket <= oldest.chunk - interval '1 day'
    GROUP BY oldest.chunk
  )
  SELECT
    to_char(gone.bucket, 'YYYY-MM-DD HH24:MI:SSOF') AS gone_from,
    to_char(gone.ends, 'YYYY-MM-DD HH24:MI:SSOF') AS gone_to,
    EXISTS (SELECT FROM kept WHERE $1::interval IS NULL OR $1::interval > kept) AND gone.bucket < gone.ends AS is_longer,
    (
      SELECT coalesce(json_agg(json_build_object(
        'width', CASE WHEN rollup.user_view_name LIKE '%hourly%' THEN 'hour' ELSE 'day' END,
        'months', extract(year FROM start) * 12 + extract(month FROM start),
        'hours', extract(day FROM start) * 24 + extract(hour FROM start),
        'events', floor(extract(epoch FROM now() - oldest.chunk) / 86400) * 24
      )), '[]')
      FROM timescaledb_information.jobs AS job
      JOIN _timescaledb_catalog.continuous_agg AS rollup
        ON rollup.mat_hypertable_id = CAST(job.config ->> 'mat_hypertable_id' AS int)
      CROSS JOIN LATERAL (SELECT CAST(job.config ->> 'start_offset' AS interval) AS start) AS refresh
      WHERE job.proc_name = 'policy_refresh_continuous_aggregate' AND rollup.user_view_schema = 'events'
        AND start IS NOT NULL
    ) AS refreshes
  FROM gone, oldest`;

function remembering(from: string, to: string): string {
  const [start, end] = [pg.escapeLiteral(from), pg.escapeLiteral(to)];
  return (
    'INSERT INTO events.dropped_ranges (hypertable, range_start, range_end, dropped_time) ' +
    `VALUES ('events', ${start}, ${end}, now())`
  );
}
