import type { IngestEventsRequest, IngestEventsResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import type { Context } from './context.ts';
import type { WithDrafts } from './decode-batch.ts';
import { parseBatch, storeBatch } from './store-batch.ts';

export function ingestEvents(context: Context): UnaryHandler<WithDrafts<IngestEventsRequest>, IngestEventsResponse> {
  return async (request, { signal, caller }) =>
    storeBatch(context, parseBatch(context, caller, request), (events) =>
      context.groupCommit.store(caller, events, signal),
    );
}
