import { Event, type ListEventsRequest, type ListEventsResponse } from '@tidemark/contracts/events';
import { itemsThatFit, type UnaryHandler } from '@tidemark/grpc-kit';
import { listEvents as listStoredEvents } from '../db/list-events.ts';
import { parsePageSize, type EventKey } from '../domain/event-list.ts';
import { parseAll } from '../domain/invalid-argument.ts';
import type { Context } from './context.ts';
import { eventMessage } from './mapping.ts';
import { filterOf, rangeOf } from './parse-request.ts';

export function listEvents({ pool, tokens }: Context): UnaryHandler<ListEventsRequest, ListEventsResponse> {
  return async (request, { signal }) => {
    const { range, filter, pageSize } = parseAll({
      range: () => rangeOf(request.range),
      filter: () => filterOf(request.filter),
      pageSize: () => parsePageSize(request.pageSize),
    });
    const { descending } = request;
    const bound = ['ListEvents', range, filter, descending];
    const after = keyOf(tokens.read(request.pageToken, bound));
    const { events, more } = await listStoredEvents(pool, signal, { range, filter, descending, pageSize, after });
    const page = itemsThatFit(events.map(eventMessage), (message) => Event.encode(message).finish().length);
    const last = events[page.length - 1];
    return {
      events: [...page],
      nextPageToken:
        last && (more || page.length < events.length) ? tokens.write([String(last.time), last.id], bound) : '',
    };
  };
}

function keyOf(cursor: readonly string[] | undefined): EventKey | undefined {
  return cursor && { time: Number(cursor[0]), id: String(cursor[1]) };
}
