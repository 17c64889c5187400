import type pg from 'pg';
import type { StoredEvent } from '../domain/event.ts';
import { day, millisecond, minute, type Micros } from '../domain/micros.ts';
import { latestTime } from '../domain/time-range.ts';
import { timeOfUuid } from '../domain/uuid.ts';
import { eventColumns, eventOfRow, type EventRow } from './event-row.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

// The key begins with the time, so that an id alone is looked for where its own time says, and wider only if it is not
// there: an index on the id would make every insert slower for this one question.
const reaches: readonly Micros[] = [millisecond, 5 * minute, day];

export async function getEvent(pool: pg.Pool, signal: AbortSignal, id: string): Promise<StoredEvent | undefined> {
  const idTime = timeOfUuid(id);
  if (idTime === undefined || idTime > latestTime) return nearest(pool, signal, id, undefined);
  for (const reach of reaches) {
    const found = await nearest(pool, signal, id, { middle: idTime, reach });
    if (found) return found;
  }
  return nearest(pool, signal, id, { middle: idTime, reach: undefined });
}

async function nearest(
  pool: pg.Pool,
  signal: AbortSignal,
  id: string,
  around: { middle: Micros; reach: Micros | undefined } | undefined,
): Promise<StoredEvent | undefined> {
  const rows = await query<EventRow>(
    pool,
    signal,
    `SELECT ${eventColumns}
     FROM events.events
     WHERE id = $1
       AND ($3::timestamptz IS NULL OR time >= $3)
       AND ($4::timestamptz IS NULL OR time <= $4)
     ORDER BY abs(extract(epoch FROM time - $2::timestamptz)), time
     LIMIT 1`,
    around?.reach === undefined
      ? [id, around ? timestamptz(around.middle) : null, null, null]
      : [
          id,
          timestamptz(around.middle),
          timestamptz(Math.max(0, around.middle - around.reach)),
          timestamptz(around.middle + around.reach),
        ],
  );
  return rows[0] && eventOfRow(rows[0]);
}
