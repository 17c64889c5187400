import type pg from 'pg';
import type { RejectionReason } from '../domain/accept-event.ts';
import type { WarningKind } from '../domain/ingest-warning.ts';
import { day, hour, type Micros } from '../domain/micros.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

export interface ListedWarning {
  readonly caller: string;
  readonly kind: WarningKind;
  readonly reason: RejectionReason | undefined;
  readonly lastHour: number;
  readonly lastDay: number;
  readonly lastTime: Micros;
  readonly lastMessage: string;
}

interface Row {
  caller: string;
  kind: WarningKind;
  reason: RejectionReason | '';
  last_hour: string;
  last_day: string;
  last_time_us: string;
  last_message: string;
}

/** @param of empty or undefined: every caller, every kind */
export async function listIngestWarnings(
  pool: pg.Pool,
  signal: AbortSignal,
  of: { caller: string; kind: WarningKind | undefined },
  now: Micros,
): Promise<ListedWarning[]> {
  const values = [timestamptz(now - hour), timestamptz(now - day), of.caller, of.kind ?? null];
  const rows = await query<Row>(pool, signal, statement, values);
  return rows.map((row) => ({
    caller: row.caller,
    kind: row.kind,
    reason: row.reason || undefined,
    lastHour: Number(row.last_hour),
    lastDay: Number(row.last_day),
    lastTime: Number(row.last_time_us),
    lastMessage: row.last_message,
  }));
}

const statement = `
  SELECT
    caller,
    kind,
    reason,
    coalesce(sum(count) FILTER (WHERE minute > $1::timestamptz), 0) AS last_hour,
    sum(count) AS last_day,
    (extract(epoch FROM max(last_time)) * 1000000)::bigint AS last_time_us,
    (array_agg(last_message ORDER BY last_time DESC))[1] AS last_message
  FROM events.ingest_warnings
  WHERE minute > $2::timestamptz
    AND ($3::text = '' OR caller = $3)
    AND ($4::text IS NULL OR kind = $4)
  GROUP BY caller, kind, reason
  ORDER BY last_day DESC, caller, kind, reason
  LIMIT 1000`;
