import type { Timestamp } from '@tidemark/contracts';
import type { Event, IngestEventsResponse } from '@tidemark/contracts/events';
import { Batch } from '../domain/batch.ts';
import { warningsOf } from '../domain/ingest-warning.ts';
import type { Micros } from '../domain/micros.ts';
import type { Context } from './context.ts';
import type { WithDrafts } from './decode-batch.ts';
import { rejectionMessage } from './mapping.ts';
import { timeOf } from './parse-request.ts';

/** A request's events, sorted out. */
export interface Delivery {
  readonly caller: string;
  readonly batch: Batch;
  readonly received: Micros;
}

/** @param wasRight whether the stream has shown the client's clock to be right */
export function parseBatch(
  { retention, ipMode }: Context,
  caller: string,
  { drafts, count, sentAt, received }: WithDrafts<{ events: Event[]; sentAt: Timestamp | undefined }>,
  wasRight = false,
): Delivery {
  const batch = Batch.parse(
    { events: drafts, count, sentAt: timeOf('sent_at', sentAt) },
    { now: received, retention, ipMode, wasRight },
  );
  return { caller, batch, received };
}

/**
 * Stores the good ones; when it answers, they are committed. Warnings count only then: who is refused sends everything
 * again.
 */
export async function storeBatch(
  { warnings }: Context,
  { caller, batch, received }: Delivery,
  store: (events: Batch['events']) => Promise<number>,
): Promise<IngestEventsResponse> {
  const { events, rejections } = batch;
  const stored = await store(events);
  warnings.add(caller, warningsOf(batch, received), received);
  return { stored, duplicates: events.length - stored, rejections: rejections.map(rejectionMessage) };
}
