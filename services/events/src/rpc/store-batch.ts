import type { Timestamp } from '@tidemark/contracts';
import type { Event, IngestEventsResponse } from '@tidemark/contracts/events';
import { Batch } from '../domain/batch.ts';
import { warningsOf } from '../domain/ingest-warning.ts';
import type { Context } from './context.ts';
import { rejectionMessage } from './mapping.ts';
import { draftOf, timeOf } from './parse-request.ts';

/** Sorts a request's events out. */
export function parseBatch(
  { clock, retention, ipMode, warnings }: Context,
  caller: string,
  request: { events: Event[]; sentAt: Timestamp | undefined },
): Batch {
  const now = clock();
  const batch = Batch.parse(
    { events: request.events.map(draftOf), sentAt: timeOf('sent_at', request.sentAt) },
    { now, retention, ipMode },
  );
  warnings.add(caller, warningsOf(batch, now), now);
  return batch;
}

/**
 * Stores the good ones; when it answers, they are committed.
 * @param turn who takes turns with others
 */
export async function storeBatch(
  { groupCommit }: Context,
  signal: AbortSignal,
  turn: unknown,
  { events, rejections }: Batch,
): Promise<IngestEventsResponse> {
  const stored = await groupCommit.store(turn, events, signal);
  return { stored, duplicates: events.length - stored, rejections: rejections.map(rejectionMessage) };
}
