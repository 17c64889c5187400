import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Event } from '@tidemark/contracts/events';
import type { StoredEvent } from '../domain/event.ts';
import { eventMessage } from './mapping.ts';

const maxEvents = 1_000;
const maxBytes = 1_000_000;

/**
 * The events as encoded messages ExportEventsResponse, none of them empty or too large.
 * @param cursorAfter the cursor of a message, by its last event
 */
export function* encodedExports(
  events: readonly StoredEvent[],
  cursorAfter: (last: StoredEvent) => string,
): Generator<Buffer> {
  // A writer that is used again keeps its buffer, which a new one for each event would have to grow again.
  const message = new BinaryWriter();
  const single = new BinaryWriter();
  let count = 0;
  let bytes = 0;
  let last: StoredEvent | undefined;
  for (const event of events) {
    const encoded = Event.encode(eventMessage(event), single).finish();
    if (last && (count === maxEvents || bytes + encoded.length > maxBytes)) {
      yield finished(message, cursorAfter(last));
      [count, bytes] = [0, 0];
    }
    message.tag(1, WireType.LengthDelimited).bytes(encoded);
    [count, bytes, last] = [count + 1, bytes + encoded.length, event];
  }
  if (last) yield finished(message, cursorAfter(last));
}

function finished(message: BinaryWriter, cursor: string): Buffer {
  return Buffer.from(message.tag(2, WireType.LengthDelimited).string(cursor).finish());
}
