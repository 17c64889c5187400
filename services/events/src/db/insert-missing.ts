import type pg from 'pg';
import { closeBatchByKey } from './close-batch.ts';
import type { OrderedBatch } from './ordered-batch.ts';
import { timestamptz } from './timestamptz.ts';

/** Stores the events that are not there yet, and answers which these were, by their place in the batch. */
export async function insertMissing(client: pg.PoolClient, batch: OrderedBatch): Promise<Set<number>> {
  await client.query('BEGIN');
  try {
    const { rows } = await client.query<{ place: number }>(statement, parameters(batch));
    const places = new Set(rows.map(({ place }) => place - 1));
    const stored = batch.events.filter((_, place) => places.has(place));
    if (stored.length > 0) await closeBatchByKey(client, batch.batchId, stored);
    await client.query('COMMIT');
    return places;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

// The first time that an event was corrected to stays: sent again at another moment, it would be corrected to another
// one and be another event. One that is stored uncorrected stays so, and the other way round.
const statement = `
  WITH sent AS (
    SELECT *
    FROM unnest(
      $1::timestamptz[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::inet[], $7::text[], $8::text[],
      $9::text[], $10::bigint[], $11::jsonb[], $12::boolean[], $13::timestamptz[]
    ) WITH ORDINALITY AS event (
      time, id, received_time, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties,
      is_bot, original_time, place
    )
  ), corrected AS (
    INSERT INTO events.corrections AS correction (original_time, id, time)
    SELECT original_time, id, time
    FROM sent
    WHERE original_time IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM events.events AS event
        WHERE event.time = sent.original_time AND event.id = sent.id AND event.original_time IS NULL
          AND event.time BETWEEN $15::timestamptz AND $16::timestamptz
      )
    ON CONFLICT (original_time, id) DO NOTHING
    RETURNING original_time, id
  ), stored AS (
    INSERT INTO events.events (
      time, id, received_time, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties,
      is_bot, original_time, batch_id
    )
    SELECT
      time, id, received_time, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties,
      is_bot, original_time, $14
    FROM sent
    WHERE CASE
      WHEN original_time IS NULL THEN NOT EXISTS (
        SELECT FROM events.corrections AS correction
        WHERE correction.original_time = sent.time AND correction.id = sent.id
          AND correction.original_time BETWEEN $15::timestamptz AND $16::timestamptz
      )
      ELSE EXISTS (
        SELECT FROM corrected WHERE corrected.original_time = sent.original_time AND corrected.id = sent.id
      )
    END
    ORDER BY place
    ON CONFLICT (time, id) DO NOTHING
    RETURNING coalesce(original_time, time) AS given_time, id
  )
  SELECT sent.place::int AS place
  FROM stored
  JOIN sent ON coalesce(sent.original_time, sent.time) = stored.given_time AND sent.id = stored.id`;

function parameters({ batchId, events }: OrderedBatch): unknown[] {
  const given = events.map(({ time, originalTime }) => originalTime ?? time);
  return [
    events.map(({ time }) => timestamptz(time)),
    events.map(({ id }) => id),
    events.map(({ receivedTime }) => timestamptz(receivedTime)),
    events.map(({ page }) => page),
    events.map(({ userAgent }) => userAgent),
    events.map(({ ipAddress }) => ipAddress),
    events.map(({ referrer }) => referrer),
    events.map(({ sessionId }) => sessionId),
    events.map(({ userId }) => userId),
    events.map(({ duration }) => duration),
    events.map(({ properties }) => properties),
    events.map(({ isBot }) => isBot),
    events.map(({ originalTime }) => (originalTime === null ? null : timestamptz(originalTime))),
    String(batchId),
    timestamptz(given[0] ?? 0),
    timestamptz(given.at(-1) ?? 0),
  ];
}
