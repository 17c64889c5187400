import { sql, type SqlEntityManager } from '@mikro-orm/postgresql';
import { timestampText } from '../sql/timestamp-text.ts';

/** From an instant on, how far the clock of a time zone is ahead of UTC; in milliseconds. */
export interface ZoneOffset {
  readonly from: number;
  readonly offsetMs: number;
}

/**
 * The offsets of a time zone over a range, ascending, the first from the range's start. They are PostgreSQL's, so that
 * everything rests on one version of the IANA database, whatever that of Node.js is.
 *
 * @throws what the driver throws, with SQLSTATE 22023 for an unknown time zone
 */
export async function zoneOffsets(
  em: SqlEntityManager,
  timeZone: string,
  range: { from: number; to: number },
): Promise<ZoneOffset[]> {
  // Clocks are changed at whole seconds, which is what is looked at.
  const from = timestampText(Math.floor(range.from / 1_000) * 1_000);
  const to = timestampText(range.to);
  // A look at every day finds those on which the offset changes (no zone ever changed it twice within one), a closer look
  // finds when.
  const rows = await em.execute<Row[]>(sql`
    WITH zone AS (
      SELECT ${timeZone}::text AS name
    ), daily AS (
      SELECT at, at AT TIME ZONE name - at AT TIME ZONE 'UTC' AS ahead
      FROM zone, generate_series(${from}::timestamptz, ${to}::timestamptz + interval '24 hours', interval '24 hours') AS at
    ), changed AS (
      SELECT lag(at) OVER (ORDER BY at) AS lower, at AS upper, lag(ahead) OVER (ORDER BY at) AS before, ahead AS after
      FROM daily
    ), offsets AS (
      SELECT precise.at, after AS ahead
      FROM changed
      CROSS JOIN zone
      CROSS JOIN LATERAL (
        SELECT min(at) AS at FROM generate_series(lower, upper, interval '5 minutes') AS at
        WHERE at AT TIME ZONE name - at AT TIME ZONE 'UTC' <> before
      ) AS rough
      CROSS JOIN LATERAL (
        SELECT min(at) AS at FROM generate_series(rough.at - interval '5 minutes', rough.at, interval '1 second') AS at
        WHERE at AT TIME ZONE name - at AT TIME ZONE 'UTC' <> before
      ) AS precise
      WHERE before <> after
      UNION ALL
      (SELECT at, ahead FROM daily ORDER BY at LIMIT 1)
    )
    SELECT
      (extract(epoch FROM at) * 1000)::float8 AS "from",
      (extract(epoch FROM ahead) * 1000)::float8 AS "offsetMs"
    FROM offsets
    ORDER BY at`);
  return rows.map((row) => ({ from: row.from, offsetMs: row.offsetMs }));
}

/** What the clock of a time zone shows at an instant; both in milliseconds. */
export async function wallTime(em: SqlEntityManager, timeZone: string, instant: number): Promise<number> {
  const [row] = await em.execute<{ wall: number }[]>(sql`
    SELECT (extract(epoch FROM ${timestampText(instant)}::timestamptz AT TIME ZONE ${timeZone}) * 1000)::float8 AS wall`);
  if (!row) throw new Error('A SELECT without FROM gave no row.');
  return row.wall;
}

interface Row {
  from: number;
  offsetMs: number;
}
