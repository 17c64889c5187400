import { WireType } from '@bufbuild/protobuf/wire';
import type { Event } from '@tidemark/contracts/events';
import type { EventDraft } from '../domain/accept-event.ts';
import { DraftReader } from './draft-reader.ts';

interface MessageType<Message extends { events: Event[] }> {
  decode(bytes: Uint8Array): Message;
}

/** A message whose events are drafts; undefined stands for one that could not be decoded. */
export type WithDrafts<Message> = Omit<Message, 'events'> & { readonly drafts: ReadonlyArray<EventDraft | undefined> };

/**
 * A decoder for a message with events that does not fail where one of the events cannot be decoded, such as one that is
 * nested too deeply: one bad event never costs its neighbours.
 * @param field the number of the field `events`
 */
export function batchDecoder<Message extends { events: Event[] }>(
  type: MessageType<Message>,
  field: number,
): (bytes: Buffer) => WithDrafts<Message> {
  return (bytes) => {
    const reader = new DraftReader(bytes);
    const drafts: Array<EventDraft | undefined> = [];
    const rest: Uint8Array[] = [];
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [number, wireType] = reader.tag();
      if (number === field && wireType === WireType.LengthDelimited) {
        drafts.push(reader.draft());
        continue;
      }
      reader.skip(wireType, number);
      rest.push(bytes.subarray(start, reader.pos));
    }
    return { ...type.decode(Buffer.concat(rest)), drafts };
  };
}
