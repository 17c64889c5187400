import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { sqlStateOf } from '@tidemark/grpc-kit';
import { from as copyFrom } from 'pg-copy-streams';
import type { NewEvent } from '../domain/event.ts';
import type { Micros } from '../domain/micros.ts';
import { connect, ignore, orAborted } from './connection.ts';
import { timestamptz } from './timestamptz.ts';

/**
 * Stores the events that are not there yet, all in one transaction, and answers how many these were. The
 * signal counts until it has a connection; from then on it is short, and all or nothing.
 *
 * COPY is the fastest way in, but it fails as a whole at the first duplicate; only then the events go the slower way,
 * which passes over those that are there.
 * @param events in the order of their key, each key once
 */
export async function insertEvents(
  pool: pg.Pool,
  signal: AbortSignal,
  events: readonly NewEvent[],
  receivedTime: Micros,
): Promise<number> {
  if (events.length === 0) return 0;
  for (let attempt = 1; ; attempt++) {
    const client = await connect(pool, signal);
    try {
      const storing = store(client, events, receivedTime);
      const stored = await orAborted(AbortSignal.timeout(limitMs), storing, () => void storing.catch(ignore));
      client.release();
      return stored;
    } catch (error) {
      client.release(true);
      if (attempt === maxAttempts || !retryable.has(sqlStateOf(error))) throw error;
    }
  }
}

// A database that is frozen, or a lock that somebody keeps, must not keep a connection for ever.
const limitMs = 30_000;
const maxAttempts = 5;
// https://www.postgresql.org/docs/17/errcodes-appendix.html
const uniqueViolation = '23505';
const retryable = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected

async function store(client: pg.PoolClient, events: readonly NewEvent[], receivedTime: Micros): Promise<number> {
  try {
    return await copyEvents(client, events, receivedTime);
  } catch (error) {
    if (sqlStateOf(error) !== uniqueViolation) throw error;
    return insertMissing(client, events, receivedTime);
  }
}

async function copyEvents(client: pg.PoolClient, events: readonly NewEvent[], receivedTime: Micros): Promise<number> {
  const received = timestamptz(receivedTime);
  let lines = '';
  for (const event of events) lines += copyLine(event, received);
  const copy = client.query(
    copyFrom(`
      COPY events.events (
        time, id, received_time, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties
      ) FROM STDIN`),
  );
  await pipeline([Buffer.from(lines)], copy);
  return events.length;
}

function copyLine(event: NewEvent, received: string): string {
  return (
    `${timestamptz(event.time)}\t${event.id}\t${received}\t${copyText(event.page)}\t${copyText(event.userAgent)}\t` +
    `${event.ipAddress ?? '\\N'}\t${copyText(event.referrer)}\t${copyText(event.sessionId)}\t` +
    `${copyText(event.userId)}\t${event.duration ?? '\\N'}\t${copyText(event.properties)}\n`
  );
}

const special = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** https://www.postgresql.org/docs/17/sql-copy.html, "Text Format" */
function copyText(text: string | null): string {
  if (text === null) return '\\N';
  return special.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : text;
}

async function insertMissing(
  client: pg.PoolClient,
  events: readonly NewEvent[],
  receivedTime: Micros,
): Promise<number> {
  const result = await client.query(
    `INSERT INTO events.events (
       time, id, received_time, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties
     )
     SELECT time, id, $11, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties
     FROM unnest(
       $1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::inet[], $6::text[], $7::text[], $8::text[],
       $9::bigint[], $10::jsonb[]
     ) AS event (time, id, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties)
     ORDER BY time, id
     ON CONFLICT (time, id) DO NOTHING`,
    [
      events.map(({ time }) => timestamptz(time)),
      events.map(({ id }) => id),
      events.map(({ page }) => page),
      events.map(({ userAgent }) => userAgent),
      events.map(({ ipAddress }) => ipAddress),
      events.map(({ referrer }) => referrer),
      events.map(({ sessionId }) => sessionId),
      events.map(({ userId }) => userId),
      events.map(({ duration }) => duration),
      events.map(({ properties }) => properties),
      timestamptz(receivedTime),
    ],
  );
  return result.rowCount ?? 0;
}
