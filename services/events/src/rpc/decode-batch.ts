import { WireType } from '@bufbuild/protobuf/wire';
import type { Event } from '@tidemark/contracts/events';
import type { EventDraft } from '../domain/accept-event.ts';
import { maxEvents } from '../domain/batch.ts';
import type { Micros } from '../domain/micros.ts';
import { DraftReader } from './draft-reader.ts';

interface MessageType<Message extends { events: Event[] }> {
  decode(bytes: Uint8Array): Message;
}

/** A message whose events are drafts. */
export type WithDrafts<Message> = Omit<Message, 'events'> & {
  /** Undefined stands for one that could not be decoded. Of more than a batch may hold, the first ones. */
  readonly drafts: ReadonlyArray<EventDraft | undefined>;
  /** How many events there are. */
  readonly count: number;
  /** When the message was read: what it waits for afterwards is not the client's doing. */
  readonly received: Micros;
};

/**
 * A decoder for a message with events that does not fail where one of the events cannot be decoded, such as one that is
 * nested too deeply: one bad event never costs its neighbours.
 * @param field the number of the field `events`
 */
export function batchDecoder<Message extends { events: Event[] }>(
  type: MessageType<Message>,
  field: number,
  clock: () => Micros,
): (bytes: Buffer) => WithDrafts<Message> {
  return (bytes) => {
    const reader = new DraftReader(bytes);
    const drafts: Array<EventDraft | undefined> = [];
    const rest = new Slices(bytes);
    let count = 0;
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [number, wireType] = reader.tag();
      if (number !== field || wireType !== WireType.LengthDelimited) {
        reader.skip(wireType, number);
        rest.add(start, reader.pos);
        continue;
      }
      count += 1;
      // Millions of empty events have room in a message.
      if (count <= maxEvents) drafts.push(reader.draft());
      else reader.skip(wireType);
    }
    return { ...type.decode(rest.joined()), drafts, count, received: clock() };
  };
}

/** Parts of some bytes; what adjoins is one. */
class Slices {
  readonly #bytes: Buffer;
  readonly #ranges: Array<{ start: number; end: number }> = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  add(start: number, end: number): void {
    const last = this.#ranges.at(-1);
    if (last?.end === start) last.end = end;
    else this.#ranges.push({ start, end });
  }

  joined(): Buffer {
    return Buffer.concat(this.#ranges.map(({ start, end }) => this.#bytes.subarray(start, end)));
  }
}
