import type { TailEventsRequest, TailEventsResponse } from '@tidemark/contracts/events';
import type { PageTokens, ServerStreamHandler } from '@tidemark/grpc-kit';
import { checkPosition, newestPosition, tailEvents as tailStoredEvents, type TailPosition } from '../db/tail-events.ts';
import { parseAll } from '../domain/invalid-argument.ts';
import type { Context } from './context.ts';
import { readCursor } from './cursor.ts';
import { eventMessage } from './mapping.ts';
import { filterOf } from './parse-request.ts';

// A cursor that is not far behind makes for a quick start of the next tail.
// The contract says 15 seconds: the rest is for the look into the database and the way.
const maxSilenceMs = 13_000;
const maxSilentBatches = 1_000;
// A connection can be dead without a word, so that nothing is heard.
const lookAgainMs = 5_000;

export function tailEvents({
  pool,
  tokens,
  storedEvents,
}: Context): ServerStreamHandler<TailEventsRequest, TailEventsResponse> {
  return async function* (request, { signal }) {
    const { filter } = parseAll({ filter: () => filterOf(request.filter) });
    const bound = ['TailEvents', filter];
    const write = (position: TailPosition): string => writePosition(tokens, position, bound);
    const resumed = readPosition(tokens, request.cursor, bound);
    if (resumed) await checkPosition(pool, signal, resumed);
    let position = resumed ?? (await newestPosition(pool, signal));
    let known = storedEvents.news;
    let page = await tailStoredEvents(pool, signal, filter, position);
    yield { event: undefined, cursor: write(position) };
    let silentSince = performance.now();
    let silentBatches = 0;
    for (;;) {
      for (const each of page.events) yield { event: eventMessage(each.event), cursor: write(each.position) };
      const isNew = page.end !== position;
      position = page.end;
      silentBatches += page.batchCount;
      if (page.events.length > 0) [silentSince, silentBatches] = [performance.now(), 0];
      if (performance.now() - silentSince >= maxSilenceMs || silentBatches >= maxSilentBatches) {
        yield { event: undefined, cursor: write(position) };
        [silentSince, silentBatches] = [performance.now(), 0];
      }
      const silenceLeftMs = Math.max(maxSilenceMs - (performance.now() - silentSince), 0);
      if (!isNew) await storedEvents.heard(known, Math.min(lookAgainMs, silenceLeftMs), signal);
      known = storedEvents.news;
      page = await tailStoredEvents(pool, signal, filter, position);
    }
  };
}

function writePosition(tokens: PageTokens, { number, after }: TailPosition, bound: unknown): string {
  return tokens.write([String(number), ...(after ? [String(after.time), after.id] : [])], bound);
}

function readPosition(tokens: PageTokens, cursor: string, bound: unknown): TailPosition | undefined {
  const [number, time, id] = readCursor(tokens, cursor, bound) ?? [];
  if (!number) return undefined;
  return { number: Number(number), after: time && id ? { time: Number(time), id } : undefined };
}
