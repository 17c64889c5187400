import type pg from 'pg';

/**
 * Every round begins with a table that has its chunks and nothing in them, and with nothing left for the server to write
 * from the round before.
 */
export async function emptyTable(admin: pg.Client, days: { start: number; end: number }): Promise<void> {
  await admin.query('TRUNCATE events.events');
  // A row of each day makes the day's chunk, and goes.
  await admin.query(
    `INSERT INTO events.events (time, id, received_time, page)
     SELECT to_timestamp(day / 1e6), gen_random_uuid(), now(), '/' FROM generate_series($1::bigint, $2, $3) AS day`,
    [days.start, days.end, dayMicros / 2],
  );
  await admin.query('DELETE FROM events.events');
  await admin.query('VACUUM events.events');
  await admin.query('CHECKPOINT');
}

export const dayMicros = 86_400_000_000;
