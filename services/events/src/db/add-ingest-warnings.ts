import type pg from 'pg';
import { day, hour, type Micros } from '../domain/micros.ts';
import type { WarningCount } from '../domain/warning-counts.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

const kept: Micros = day + hour;

/** Adds to what all instances have counted, and forgets what is older than anybody can ask for. */
export async function addIngestWarnings(
  pool: pg.Pool,
  signal: AbortSignal,
  counts: readonly WarningCount[],
  now: Micros,
): Promise<void> {
  await query(pool, signal, statement, [
    counts.map(({ minute }) => timestamptz(minute)),
    counts.map(({ caller }) => caller),
    counts.map(({ kind }) => kind),
    counts.map(({ reason }) => reason ?? ''),
    counts.map(({ count }) => count),
    counts.map(({ lastTime }) => timestamptz(lastTime)),
    counts.map(({ message }) => message),
    timestamptz(now - kept),
  ]);
}

const statement = `
  WITH forgotten AS (
    DELETE FROM events.ingest_warnings WHERE minute < $8::timestamptz
  )
  INSERT INTO events.ingest_warnings AS known (minute, caller, kind, reason, count, last_time, last_message)
  SELECT *
  FROM unnest(
    $1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[]
  ) AS added (minute, caller, kind, reason, count, last_time, last_message)
  -- In one order, so that two instances cannot wait for each other.
  ORDER BY minute, caller, kind, reason
  ON CONFLICT (minute, caller, kind, reason) DO UPDATE SET
    count = known.count + excluded.count,
    last_time = greatest(known.last_time, excluded.last_time),
    last_message = CASE
      WHEN excluded.last_time >= known.last_time THEN excluded.last_message ELSE known.last_message
    END`;
