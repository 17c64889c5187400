import type { StreamEventsRequest, StreamEventsResponse } from '@tidemark/contracts/events';
import type { BidiHandler } from '@tidemark/grpc-kit';
import type { Batch } from '../domain/batch.ts';
import type { Context } from './context.ts';
import type { WithDrafts } from './decode-batch.ts';
import { repliesInOrder } from './replies-in-order.ts';
import { parseBatch, storeBatch } from './store-batch.ts';

// So many requests of one stream are on their way to the database at once: one is written while the next ones are read.
const mostAtOnce = 8;

export function streamEvents(context: Context): BidiHandler<WithDrafts<StreamEventsRequest>, StreamEventsResponse> {
  return (requests, { signal, caller }) => {
    const turn = Symbol('a stream takes turns with other callers');
    const store = (events: Batch['events']) => context.groupCommit.storeWhenRoom(turn, events, signal);
    return repliesInOrder(requests, mostAtOnce, {
      ready: () => context.groupCommit.room(signal),
      parse: (request) => ({ sequence: request.sequence, batch: parseBatch(context, caller, request) }),
      reply: async ({ sequence, batch }) => ({ sequence, ...(await storeBatch(batch, store)) }),
    });
  };
}
