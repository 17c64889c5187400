import type { GetEventRequest, GetEventResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { getEvent as getStoredEvent } from '../db/get-event.ts';
import { invalid } from '../domain/invalid-argument.ts';
import { EventNotFound } from '../domain/not-found.ts';
import { isUuid } from '../domain/uuid.ts';
import type { Context } from './context.ts';
import { eventMessage } from './mapping.ts';

export function getEvent({ pool }: Context): UnaryHandler<GetEventRequest, GetEventResponse> {
  return async ({ id }, { signal }) => {
    if (!isUuid(id)) throw invalid('id', 'Must be a UUID.');
    const event = await getStoredEvent(pool, signal, id.toLowerCase());
    if (!event) throw new EventNotFound(id);
    return { event: eventMessage(event) };
  };
}
