import type pg from 'pg';
import type { Retention } from '../domain/retention.ts';
import { query } from './query.ts';
import { retentionsSql } from './retentions-sql.ts';

/** How long events are kept, and who drops older ones: a policy of TimescaleDB's, or the service itself. */
export interface EventRetention extends Retention {
  readonly by: 'policy' | 'service';
  /** As PostgreSQL writes an interval. */
  readonly text: string;
}

interface Row {
  by: EventRetention['by'];
  text: string;
  months: number;
  days: number;
  microseconds: string;
}

/** Undefined: they are kept for ever. */
export async function eventRetention(pool: pg.Pool, signal: AbortSignal): Promise<EventRetention | undefined> {
  const [row] = await query<Row>(
    pool,
    signal,
    `SELECT
       dropped_by AS by,
       kept::text AS text,
       (extract(year FROM kept) * 12 + extract(month FROM kept))::int AS months,
       extract(day FROM kept)::int AS days,
       (extract(hour FROM kept) * 3600000000 + extract(minute FROM kept) * 60000000
         + extract(microsecond FROM kept))::bigint AS microseconds
     FROM (${retentionsSql}) AS retention
     WHERE hypertable = 'events'`,
  );
  return row && { by: row.by, text: row.text, months: row.months, days: row.days, micros: Number(row.microseconds) };
}
