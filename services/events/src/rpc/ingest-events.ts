import type { IngestEventsRequest, IngestEventsResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import type { Context } from './context.ts';
import { parseBatch, storeBatch } from './store-batch.ts';

export function ingestEvents(context: Context): UnaryHandler<IngestEventsRequest, IngestEventsResponse> {
  return async (request, { signal, caller }) =>
    storeBatch(context, signal, caller, parseBatch(context, caller, request));
}
