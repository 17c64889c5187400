import { EventsServiceService, type ExportEventsRequest } from '@tidemark/contracts/events';
import type { ServerStreamHandler } from '@tidemark/grpc-kit';
import { exportEvents as exportStoredEvents } from '../db/export-events.ts';
import { parseAll } from '../domain/invalid-argument.ts';
import type { Context } from './context.ts';
import { readCursor } from './cursor.ts';
import { encodedExports } from './encoded-exports.ts';
import { oneAhead } from './one-ahead.ts';
import { filterOf, rangeOf } from './parse-request.ts';

/** The method with messages that are encoded already: each event is encoded once, to know its size. */
export const exportEventsEncoded = {
  ...EventsServiceService.exportEvents,
  responseSerialize: (encoded: Buffer): Buffer => encoded,
};

export function exportEvents({ pool, tokens }: Context): ServerStreamHandler<ExportEventsRequest, Buffer> {
  return async function* (request, { signal }) {
    const { range, filter } = parseAll({ range: () => rangeOf(request.range), filter: () => filterOf(request.filter) });
    const bound = ['ExportEvents', range, filter];
    const [time, id] = readCursor(tokens, request.cursor, bound) ?? [];
    const after = time && id ? { time: Number(time), id } : undefined;
    for await (const page of oneAhead(exportStoredEvents(pool, signal, { range, filter, after }))) {
      yield* encodedExports(page, (last) => tokens.write([String(last.time), last.id], bound));
    }
  };
}
