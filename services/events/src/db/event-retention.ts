import type pg from 'pg';
import type { Retention } from '../domain/retention.ts';
import { query } from './query.ts';

interface Row {
  months: number;
  days: number;
  microseconds: string;
}

/** What the retention policy of the events keeps; undefined where there is none. */
export async function eventRetention(pool: pg.Pool, signal: AbortSignal): Promise<Retention | undefined> {
  const [row] = await query<Row>(
    pool,
    signal,
    `SELECT
       (extract(year FROM kept) * 12 + extract(month FROM kept))::int AS months,
       extract(day FROM kept)::int AS days,
       (extract(hour FROM kept) * 3600000000 + extract(minute FROM kept) * 60000000
         + extract(microsecond FROM kept))::bigint AS microseconds
     FROM timescaledb_information.jobs, CAST(config ->> 'drop_after' AS interval) AS kept
     WHERE proc_name = 'policy_retention' AND hypertable_schema = 'events' AND hypertable_name = 'events'`,
  );
  return row && { months: row.months, days: row.days, micros: Number(row.microseconds) };
}
