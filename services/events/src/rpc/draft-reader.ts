import { isUtf8 } from 'node:buffer';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Struct } from '@tidemark/contracts';
import { microsOfDuration, microsOfTimestamp } from '@tidemark/grpc-kit';
import type { EventDraft } from '../domain/accept-event.ts';
import { wellFormed } from './well-formed.ts';

/**
 * Reads events straight into what the domain takes: the messages in between, their 64-bit numbers and the library's way
 * with texts would take longer than everything else that is done with an event.
 */
export class DraftReader extends BinaryReader {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(bytes);
    this.#bytes = bytes;
  }

  /**
   * The event that begins with its length here; undefined where its bytes are no event.
   * @throws where the message ends before it
   */
  draft(): EventDraft | undefined {
    const length = this.uint32();
    const end = this.pos + length;
    if (end > this.len) throw new RangeError('the message ends in the middle of an event');
    try {
      return this.#draft(length, end);
    } catch {
      return undefined;
    } finally {
      this.pos = end;
    }
  }

  /** @throws where it is no UTF-8 */
  override string(): string {
    const length = this.uint32();
    const start = this.pos;
    this.pos += length;
    if (this.pos > this.len) throw new RangeError('the message ends in the middle of a text');
    const text = this.#bytes.toString('utf8', start, this.pos);
    // Which stands for itself, or for what is no UTF-8.
    if (text.includes('\uFFFD') && !isUtf8(this.#bytes.subarray(start, this.pos))) throw new TypeError('no UTF-8');
    return text;
  }

  // The tags are those of the message Event in tidemark/events/v1/event.proto: number * 8 + 2, with the length behind.
  #draft(encodedBytes: number, end: number): EventDraft {
    const draft: EventDraft = {
      id: '',
      time: undefined,
      page: '',
      userAgent: '',
      ipAddress: '',
      referrer: '',
      sessionId: '',
      userId: '',
      duration: undefined,
      properties: undefined,
      encodedBytes,
    };
    while (this.pos < end) {
      const tag = this.uint32();
      if (tag === 10) draft.id = this.string();
      else if (tag === 18) draft.time = wellFormed(microsOfTimestamp, this.#parts());
      else if (tag === 26) draft.page = this.string();
      else if (tag === 34) draft.userAgent = this.string();
      else if (tag === 42) draft.ipAddress = this.string();
      else if (tag === 50) draft.referrer = this.string();
      else if (tag === 58) draft.sessionId = this.string();
      else if (tag === 66) draft.userId = this.string();
      else if (tag === 74) draft.duration = wellFormed(microsOfDuration, this.#parts());
      else if (tag === 82) draft.properties = Struct.unwrap(Struct.decode(this, this.uint32()));
      else this.#skip(tag);
    }
    if (this.pos !== end) throw new RangeError('a field reaches beyond its event');
    return draft;
  }

  /** A field that is for output, or that this version does not know. */
  #skip(tag: number): void {
    const number = tag >>> 3;
    if (number === 0) throw new RangeError('a field has the number 0');
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a kind that is none is refused
    this.skip(tag & 7, number);
  }

  /** Of a Timestamp or a Duration. */
  #parts(): { seconds: number; nanos: number } {
    const parts = { seconds: 0, nanos: 0 };
    const length = this.uint32();
    const end = this.pos + length;
    while (this.pos < end) {
      const tag = this.uint32();
      if (tag === 8) parts.seconds = this.#seconds();
      else if (tag === 16) parts.nanos = this.int32();
      else this.#skip(tag);
    }
    if (this.pos !== end) throw new RangeError('a field reaches beyond its message');
    return parts;
  }

  /** An int64, whose last digits are lost where it is beyond what a time can be. */
  #seconds(): number {
    const start = this.pos;
    let value = 0;
    for (let scale = 1; scale < mostScale; scale *= 128) {
      const byte = this.#bytes[this.pos++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    this.pos = start;
    return Number(this.int64());
  }
}

// A varint of 7 bytes is a safe integer.
const mostScale = 2 ** 49;
