import type { StoredEvent } from '../domain/event.ts';

/** An event as the queries select it: times and durations in microseconds, as text since pg reads a bigint so. */
export interface EventRow {
  id: string;
  time_us: string;
  received_time_us: string;
  page: string;
  user_agent: string | null;
  ip_address: string | null;
  referrer: string | null;
  session_id: string | null;
  user_id: string | null;
  duration_us: string | null;
  properties: Record<string, unknown> | null;
  is_bot: boolean;
  original_time_us: string | null;
}

// host() leaves out the prefix length that inet's own text form can have.
export const eventColumns = `
  id,
  (extract(epoch FROM time) * 1000000)::bigint AS time_us,
  (extract(epoch FROM received_time) * 1000000)::bigint AS received_time_us,
  page, user_agent, host(ip_address) AS ip_address, referrer, session_id, user_id, duration_us, properties,
  is_bot,
  (extract(epoch FROM original_time) * 1000000)::bigint AS original_time_us`;

export function eventOfRow(row: EventRow): StoredEvent {
  return {
    id: row.id,
    time: Number(row.time_us),
    receivedTime: Number(row.received_time_us),
    page: row.page,
    userAgent: row.user_agent,
    ipAddress: row.ip_address,
    referrer: row.referrer,
    sessionId: row.session_id,
    userId: row.user_id,
    duration: row.duration_us === null ? null : Number(row.duration_us),
    properties: row.properties,
    isBot: row.is_bot,
    originalTime: row.original_time_us === null ? null : Number(row.original_time_us),
  };
}
