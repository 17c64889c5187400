import type { Event, IngestEventsResponse } from '@tidemark/contracts/events';
import type { Timestamp } from '@tidemark/contracts';
import { insertEvents } from '../db/insert-events.ts';
import { Batch } from '../domain/batch.ts';
import type { Context } from './context.ts';
import { rejectionMessage } from './mapping.ts';
import { draftOf, timeOf } from './parse-request.ts';

/** Sorts a request's events out and stores the good ones; when it answers, they are committed. */
export async function storeBatch(
  { pool, clock, retention }: Context,
  signal: AbortSignal,
  request: { events: Event[]; sentAt: Timestamp | undefined },
): Promise<IngestEventsResponse> {
  const now = clock();
  const batch = Batch.parse(
    { events: request.events.map(draftOf), sentAt: timeOf('sent_at', request.sentAt) },
    { now, retention },
  );
  const stored = await insertEvents(pool, signal, batch.events, now);
  return {
    stored,
    duplicates: batch.events.length - stored + batch.repeats,
    rejections: batch.rejections.map(rejectionMessage),
  };
}
