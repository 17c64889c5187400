// Reads a stream for as long as the process is let run: node stream-client.ts METHOD ADDRESS FILE. Each message becomes
// a line of the file, the ids of its events and its cursor; the last line says where to go on.
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { EventsServiceService, ExportEventsRequest, TailEventsRequest } from '@tidemark/contracts/events';
import { rpcClient } from '@tidemark/grpc-kit';

const [method, address = '', file = ''] = process.argv.slice(2);
const events = rpcClient(EventsServiceService, address);
const lines = existsSync(file) ? wholeLines() : [];
const cursor = lines.length > 0 ? (JSON.parse(lines.at(-1) ?? '') as { cursor: string }).cursor : '';

/** A kill may have torn the last line: what it told of is asked for again. */
function wholeLines(): string[] {
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  truncateSync(file, Buffer.byteLength(whole));
  return whole.split('\n').filter(Boolean);
}

function keep(ids: readonly string[], at: string): void {
  appendFileSync(file, `${JSON.stringify({ ids, cursor: at })}\n`);
}

if (method === 'tail') {
  for await (const { event, cursor: at } of events.tailEvents(TailEventsRequest.fromPartial({ cursor }))) {
    keep(event ? [event.id] : [], at);
  }
} else {
  const range = { start: { seconds: 0n, nanos: 0 }, end: { seconds: 4_102_444_800n, nanos: 0 } };
  for await (const message of events.exportEvents(ExportEventsRequest.fromPartial({ range, cursor }))) {
    keep(
      message.events.map(({ id }) => id),
      message.cursor,
    );
  }
}
events.close();
