import type { Timestamp } from '@tidemark/contracts';
import type { IngestEventsResponse } from '@tidemark/contracts/events';
import type { EventDraft } from '../domain/accept-event.ts';
import { Batch } from '../domain/batch.ts';
import { warningsOf } from '../domain/ingest-warning.ts';
import type { Context } from './context.ts';
import { rejectionMessage } from './mapping.ts';
import { timeOf } from './parse-request.ts';

/** Sorts a request's events out. */
export function parseBatch(
  { clock, retention, ipMode, warnings }: Context,
  caller: string,
  { drafts, sentAt }: { drafts: ReadonlyArray<EventDraft | undefined>; sentAt: Timestamp | undefined },
): Batch {
  const now = clock();
  const batch = Batch.parse({ events: drafts, sentAt: timeOf('sent_at', sentAt) }, { now, retention, ipMode });
  warnings.add(caller, warningsOf(batch, now), now);
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
