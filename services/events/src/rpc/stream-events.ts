import type { StreamEventsRequest, StreamEventsResponse } from '@tidemark/contracts/events';
import type { BidiHandler } from '@tidemark/grpc-kit';
import type { Context } from './context.ts';
import { storeBatch } from './store-batch.ts';

export function streamEvents(context: Context): BidiHandler<StreamEventsRequest, StreamEventsResponse> {
  return async function* (requests, { signal }) {
    for await (const request of requests) {
      yield { sequence: request.sequence, ...(await storeBatch(context, signal, request)) };
    }
  };
}
