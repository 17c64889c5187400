import type pg from 'pg';
import { sqlStateOf } from '@tidemark/grpc-kit';
import type { ZoneOffset } from '../domain/bucket-boundaries.ts';
import { invalid } from '../domain/invalid-argument.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

interface Row {
  from_us: string;
  offset_us: string;
}

/**
 * The offsets of a time zone over a range, ascending, the first from the range's start. They are PostgreSQL's, so that
 * all answers rest on one version of the IANA database, whatever Node's is.
 */
export async function zoneOffsets(
  pool: pg.Pool,
  signal: AbortSignal,
  timeZone: string,
  range: TimeRange,
): Promise<ZoneOffset[]> {
  if (timeZone === 'UTC') return [{ from: range.start, offset: 0 }];
  const values = [timeZone, timestamptz(range.start), timestamptz(range.end)];
  const rows = await query<Row>(pool, signal, statement, values).catch((error: unknown) => {
    if (sqlStateOf(error) !== invalidParameterValue) throw error;
    throw invalid('time_zone', 'Is not known to the database: send a canonical name such as "Europe/Berlin".');
  });
  return rows.map((row) => ({ from: Number(row.from_us), offset: Number(row.offset_us) }));
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html
const invalidParameterValue = '22023';

// A look at every day finds the days on which the offset changes (no zone ever changed it twice within one), and a look at
// their minutes and then seconds finds when: clocks change at whole seconds, so that the looks begin at one.
const statement = `
  WITH daily AS (
    SELECT at, at AT TIME ZONE $1::text - at AT TIME ZONE 'UTC' AS ahead
    FROM generate_series(
      date_trunc('second', $2::timestamptz), $3::timestamptz + interval '24 hours', interval '24 hours'
    ) AS at
  ), changed AS (
    SELECT lag(at) OVER (ORDER BY at) AS lower, at AS upper, lag(ahead) OVER (ORDER BY at) AS before, ahead AS after
    FROM daily
  ), offsets AS (
    SELECT second.at, changed.after AS ahead
    FROM changed
    CROSS JOIN LATERAL (
      SELECT min(at) AS at FROM generate_series(lower, upper, interval '1 minute') AS at
      WHERE at AT TIME ZONE $1::text - at AT TIME ZONE 'UTC' <> before
    ) AS minute
    CROSS JOIN LATERAL (
      SELECT min(at) AS at FROM generate_series(minute.at - interval '1 minute', minute.at, interval '1 second') AS at
      WHERE at AT TIME ZONE $1::text - at AT TIME ZONE 'UTC' <> before
    ) AS second
    WHERE before <> after
    UNION ALL
    (SELECT at, ahead FROM daily ORDER BY at LIMIT 1)
  )
  SELECT
    (extract(epoch FROM at) * 1000000)::bigint AS from_us,
    (extract(epoch FROM ahead) * 1000000)::bigint AS offset_us
  FROM offsets
  ORDER BY at`;
