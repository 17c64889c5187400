import { ExportEventsRequest } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import type { Range } from './asked.ts';
import type { Bench } from './bench.ts';

/** Reads all events of a range by ExportEvents, as fast as they come, and answers how many these were. */
export async function exportAll({ events: client }: Bench, { start, end }: Range): Promise<number> {
  const request = ExportEventsRequest.fromPartial({ range: { start: timestampOf(start), end: timestampOf(end) } });
  let count = 0;
  for await (const { events } of client.exportEvents(request)) count += events.length;
  return count;
}
