import { withConnection } from '@tidemark/grpc-kit/postgres';
import { microsOfTimestamp } from '@tidemark/grpc-kit';
import type { Event } from '@tidemark/contracts/events';
import { timeOfUuid } from '../src/domain/uuid.ts';
import type { Batch } from './batch.ts';
import type { Deviation, Ledger } from './ledger.ts';

/** What is stored: the times of each id, in microseconds. */
export type Stored = ReadonlyMap<string, readonly number[]>;

export async function readStored(databaseUrl: string): Promise<Stored> {
  return withConnection({ connectionString: databaseUrl }, async (client) => {
    const { rows } = await client.query<{ id: string; times: string[] }>(
      'SELECT id, array_agg((extract(epoch FROM time) * 1000000)::bigint) AS times FROM events.events GROUP BY id',
    );
    return new Map(rows.map(({ id, times }) => [id, times.map(Number)]));
  });
}

/** Compares what is stored with what was sent and acknowledged. */
export function checkLedger({ batches, storedByReplies }: Ledger, stored: Stored): Deviation[] {
  const isStored = ({ id }: Event): boolean => stored.has(id);
  const acknowledged = batches.filter((batch) => batch.acknowledged > 0);
  const unanswered = batches.filter((batch) => batch.acknowledged === 0);
  const sent = new Set(batches.flatMap(({ events }) => events.map(({ id }) => id)));
  const torn = unanswered.filter(({ events }) => events.some(isStored) && !events.every(isStored));
  const counted = [...stored.values()].reduce((sum, times) => sum + times.length, 0);
  return [
    found(
      'acknowledged and not stored',
      idsOf(acknowledged.flatMap(({ events }) => events.filter((event) => !isStored(event)))),
    ),
    found(
      'stored and never sent',
      [...stored.keys()].filter((id) => !sent.has(id)),
    ),
    found(
      'stored more than once',
      [...stored].filter(([, times]) => times.length > 1).map(([id]) => id),
    ),
    found('stored at another time', idsOf(batches.flatMap((batch) => movedEvents(batch, stored)))),
    found('a batch stored in part', idsOf(torn.flatMap(({ events }) => events))),
    found('never answered', idsOf(unanswered.filter(({ abandoned }) => !abandoned).flatMap(({ events }) => events))),
    ...(storedByReplies > counted
      ? [{ what: `the replies count ${storedByReplies} stored events, and ${counted} are there`, ids: [] }]
      : []),
  ].filter((deviation) => deviation !== undefined);
}

/** When an event that is stored at its own time happened, in microseconds. */
export function timeOf({ id, time }: Event): number {
  return time ? microsOfTimestamp(time) : (timeOfUuid(id) ?? NaN);
}

function movedEvents({ events, skewMs }: Batch, stored: Stored): Event[] {
  if (skewMs !== undefined) return [];
  return events.filter((event) => stored.get(event.id)?.includes(timeOf(event)) === false);
}

function idsOf(events: readonly Event[]): string[] {
  return events.map(({ id }) => id);
}

function found(what: string, ids: readonly string[]): Deviation | undefined {
  return ids.length > 0 ? { what, ids } : undefined;
}
