import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Event } from '@tidemark/contracts/events';
import { TextReader } from './text-reader.ts';

interface BatchType<Message extends { events: Event[] }> {
  decode(from: BinaryReader | Uint8Array): Message;
}

/** Stands for an event that could not be decoded, such as one that is nested too deeply. */
export const undecodable: Event = Event.fromPartial({});

/**
 * A decoder for a message with events that does not fail where one of the events cannot be decoded: one bad event never
 * costs its neighbours.
 * @param field the number of the field `events`
 */
export function batchDecoder<Message extends { events: Event[] }>(
  type: BatchType<Message>,
  field: number,
): (bytes: Buffer) => Message {
  return (bytes) => {
    try {
      return type.decode(new TextReader(bytes));
    } catch {
      return decodeOneByOne(type, field, bytes);
    }
  };
}

/** @throws where the message around the events cannot be decoded */
function decodeOneByOne<Message extends { events: Event[] }>(
  type: BatchType<Message>,
  eventsField: number,
  bytes: Buffer,
): Message {
  const reader = new BinaryReader(bytes);
  const events: Event[] = [];
  const rest: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (field === eventsField) {
      events.push(decodeEvent(reader.bytes()));
    } else {
      reader.skip(wireType);
      rest.push(bytes.subarray(start, reader.pos));
    }
  }
  return { ...type.decode(Buffer.concat(rest)), events };
}

function decodeEvent(bytes: Uint8Array): Event {
  try {
    return Event.decode(bytes);
  } catch {
    return undecodable;
  }
}
