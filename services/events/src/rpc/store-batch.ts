import type { Timestamp } from '@tidemark/contracts';
import type { Event, IngestEventsResponse } from '@tidemark/contracts/events';
import { Batch } from '../domain/batch.ts';
import { warningsOf } from '../domain/ingest-warning.ts';
import type { Context } from './context.ts';
import type { WithDrafts } from './decode-batch.ts';
import { rejectionMessage } from './mapping.ts';
import { timeOf } from './parse-request.ts';

/**
 * Sorts a request's events out.
 * @param wasRight whether the stream has shown the client's clock to be right
 */
export function parseBatch(
  { retention, ipMode, warnings }: Context,
  caller: string,
  { drafts, count, sentAt, received }: WithDrafts<{ events: Event[]; sentAt: Timestamp | undefined }>,
  wasRight = false,
): Batch {
  const batch = Batch.parse(
    { events: drafts, count, sentAt: timeOf('sent_at', sentAt) },
    { now: received, retention, ipMode, wasRight },
  );
  warnings.add(caller, warningsOf(batch, received), received);
  return batch;
}

/** Stores the good ones; when it answers, they are committed. */
export async function storeBatch(
  { events, rejections }: Batch,
  store: (events: Batch['events']) => Promise<number>,
): Promise<IngestEventsResponse> {
  const stored = await store(events);
  return { stored, duplicates: events.length - stored, rejections: rejections.map(rejectionMessage) };
}
