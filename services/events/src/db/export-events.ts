import type pg from 'pg';
import type { EventFilter } from '../domain/event-filter.ts';
import type { EventKey } from '../domain/event-list.ts';
import type { StoredEvent } from '../domain/event.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { listEvents } from './list-events.ts';

// More at once is no faster.
const pageSize = 1_000;

/** All events of a range, by time and then id, page by page. */
export async function* exportEvents(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: { range: TimeRange; filter: EventFilter; after: EventKey | undefined },
): AsyncGenerator<StoredEvent[]> {
  let { after } = asked;
  for (;;) {
    const { events, more } = await listEvents(pool, signal, { ...asked, descending: false, pageSize, after });
    if (events.length > 0) yield events;
    if (!more) return;
    after = events.at(-1);
  }
}
