import type pg from 'pg';
import { CursorExpired } from '../domain/cursor-expired.ts';
import type { EventFilter } from '../domain/event-filter.ts';
import type { EventKey } from '../domain/event-list.ts';
import type { StoredEvent } from '../domain/event.ts';
import { eventColumns, eventOfRow, type EventRow } from './event-row.ts';
import { conditionsSql, Parameters } from './filter-sql.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

/** How far a tail is: through all batches up to a number, or in the middle of the one with that number. */
export interface TailPosition {
  readonly number: number;
  /** In the middle: the last event of the batch that is done with. */
  readonly after: EventKey | undefined;
}

export interface TailPage {
  /** Each with how far the tail is after it. */
  readonly events: ReadonlyArray<{ event: StoredEvent; position: TailPosition }>;
  /** How far the tail is after these events. */
  readonly end: TailPosition;
  /** How many batches the tail has got through. */
  readonly batchCount: number;
}

const maxBatches = 1_000;
const maxEvents = 1_000;

/** Behind all batches that are committed. */
export async function newestPosition(pool: pg.Pool, signal: AbortSignal): Promise<TailPosition> {
  const newest = async (): Promise<string | null | undefined> => {
    const statement = 'SELECT max(number) AS newest FROM events.batches';
    return (await query<{ newest: string | null }>(pool, signal, statement))[0]?.newest;
  };
  let number = await newest();
  if (!number) {
    // A batch without events, so that there is a number to go on from: the next one need not be the sequence's next.
    await query(pool, signal, `SELECT events.close_batch(0, 0, '{}', NULL, NULL)`);
    number = await newest();
  }
  return { number: Number(number), after: undefined };
}

/**
 * Whether all batches after a position are there: so it is where one from before is, or there were none after it.
 * @throws CursorExpired where the retention may have dropped some
 */
export async function checkPosition(pool: pg.Pool, signal: AbortSignal, position: TailPosition): Promise<void> {
  const first = firstAfter(position);
  const statement = `
    SELECT coalesce(last_value, 0) < $1 OR EXISTS (SELECT FROM events.batches WHERE number <= $1) AS known
    FROM pg_sequences
    WHERE schemaname = 'events' AND sequencename = 'batch_numbers'`;
  const [row] = await query<{ known: boolean }>(pool, signal, statement, [first]);
  if (!row?.known) throw new CursorExpired();
}

/**
 * The next events after a position; none where nothing is stored yet.
 * @throws CursorExpired where batches after the position may be dropped
 */
export async function tailEvents(
  pool: pg.Pool,
  signal: AbortSignal,
  filter: EventFilter,
  position: TailPosition,
): Promise<TailPage> {
  const batches = await batchesAfter(pool, signal, position);
  const [first] = batches;
  if (!first) return { events: [], end: position, batchCount: 0 };
  const taken = batchesThatFit(batches);
  const end = { number: (taken.at(-1) ?? first).number, after: undefined };
  const events = await eventsOf(pool, signal, { filter, first: first.number, last: end.number, after: position.after });
  if (events.length <= maxEvents) return { events: withPositions(events, end), end, batchCount: taken.length };
  const page = events.slice(0, maxEvents);
  const { event, number } = page.at(-1) as BatchEvent;
  const inside = { number, after: event };
  return { events: withPositions(page, inside), end: inside, batchCount: 0 };
}

interface BatchEvent {
  readonly event: StoredEvent;
  readonly number: number;
}

function withPositions(events: readonly BatchEvent[], end: TailPosition): TailPage['events'] {
  return events.map(({ event, number }, index) => {
    const next = events[index + 1];
    if (!next) return { event, position: end };
    return { event, position: { number, after: next.number === number ? event : undefined } };
  });
}

interface Batch {
  readonly number: number;
  readonly eventCount: number;
}

/** The batch in whose middle the position is counts as after it. */
function firstAfter({ number, after }: TailPosition): number {
  return after ? number : number + 1;
}

async function batchesAfter(pool: pg.Pool, signal: AbortSignal, position: TailPosition): Promise<Batch[]> {
  const first = firstAfter(position);
  const rows = await query<{ number: string; event_count: number }>(
    pool,
    signal,
    'SELECT number, event_count FROM events.batches WHERE number >= $1 ORDER BY number LIMIT $2',
    [first, maxBatches],
  );
  const batches = rows.map(({ number, event_count }) => ({ number: Number(number), eventCount: event_count }));
  // A transaction that is rolled back leaves a gap too.
  if (batches[0] && batches[0].number !== first) await checkPosition(pool, signal, position);
  return batches;
}

/** The first batches, as many as have a page of events together; at least one. */
function batchesThatFit(batches: readonly Batch[]): readonly Batch[] {
  let events = 0;
  const tooMany = batches.findIndex(({ eventCount }) => (events += eventCount) > maxEvents);
  return tooMany < 0 ? batches : batches.slice(0, Math.max(tooMany, 1));
}

/** At most one more than a page, in the order of the batches and then by time and id. */
async function eventsOf(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: { filter: EventFilter; first: number; last: number; after: EventKey | undefined },
): Promise<BatchEvent[]> {
  const parameters = new Parameters();
  const first = `${parameters.add(asked.first)}::bigint`;
  const limit = `${parameters.add(maxEvents + 1)}::bigint`;
  const conditions = conditionsSql(asked.filter, parameters);
  if (asked.after) {
    const time = `${parameters.add(timestamptz(asked.after.time))}::timestamptz`;
    const id = `${parameters.add(asked.after.id)}::uuid`;
    conditions.push(`(batch.number > ${first} OR (time, id) > (${time}, ${id}))`);
  }
  // The limit inside keeps it a search for each stretch, which touches the chunks of the stretch alone.
  const statement = `
    SELECT batch.number, event.*
    FROM events.batches AS batch
    CROSS JOIN LATERAL unnest(batch.times) AS stretch
    CROSS JOIN LATERAL (
      SELECT ${eventColumns}
      FROM events.events
      WHERE ${['time >= lower(stretch)', 'time <= upper(stretch)', 'batch_id = batch.batch_id', ...conditions].join(
        ' AND ',
      )}
      ORDER BY time, id
      LIMIT ${limit}
    ) AS event
    WHERE batch.number BETWEEN ${first} AND ${parameters.add(asked.last)}::bigint
    ORDER BY batch.number, event.time_us, event.id
    LIMIT ${limit}`;
  const rows = await query<EventRow & { number: string }>(pool, signal, statement, parameters.values);
  return rows.map((row) => ({ event: eventOfRow(row), number: Number(row.number) }));
}
