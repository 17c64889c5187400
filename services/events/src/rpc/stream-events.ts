import type { StreamEventsRequest, StreamEventsResponse } from '@tidemark/contracts/events';
import type { BidiHandler } from '@tidemark/grpc-kit';
import type { Context } from './context.ts';
import type { WithDrafts } from './decode-batch.ts';
import { repliesInOrder } from './replies-in-order.ts';
import { parseBatch, storeBatch } from './store-batch.ts';

// So many requests of one stream are on their way to the database at once: one is written while the next ones are read.
const mostAtOnce = 8;

export function streamEvents(context: Context): BidiHandler<WithDrafts<StreamEventsRequest>, StreamEventsResponse> {
  return (requests, { signal, caller }) => {
    const turn = Symbol('a stream takes turns with other callers');
    const { groupCommit } = context;
    let wasRight = false;
    return repliesInOrder(requests, mostAtOnce, {
      signal,
      ready: () => groupCommit.room(signal),
      parse: (request) => {
        const delivery = parseBatch(context, caller, request, wasRight);
        wasRight ||= request.sentAt !== undefined && !delivery.batch.skew.corrects;
        return { sequence: request.sequence, delivery };
      },
      reply: async ({ sequence, delivery }) => ({
        sequence,
        ...(await storeBatch(context, delivery, (events) => groupCommit.storeOfStream(turn, events, signal))),
      }),
    });
  };
}
