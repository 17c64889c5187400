import { typeOf } from './messages.ts';

/** Cuts a byte stream into wire-protocol messages; keeps only what has arrived, whatever length was announced. */
export class Framing {
  #startup = true;
  #parts: Buffer[] = [];
  #held = 0;
  /** Length of the message being waited for, once known. */
  #wanted = 0;

  /** Messages after the startup packets begin with a type byte. */
  startupDone(): void {
    this.#startup = false;
  }

  /** Yields the messages that are whole now. The caller may call startupDone() between two. */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    // Until the announced length is there, chunks are only collected: a big message is joined once.
    while (this.#held >= Math.max(this.#wanted, this.#headerLength)) {
      const bytes = this.#joined();
      this.#wanted = this.#lengthOf(bytes);
      if (bytes.length < this.#wanted) return;
      const message = bytes.subarray(0, this.#wanted);
      this.#parts = bytes.length > this.#wanted ? [bytes.subarray(this.#wanted)] : [];
      this.#held -= this.#wanted;
      this.#wanted = 0;
      yield message;
    }
  }

  get #headerLength(): number {
    return this.#startup ? 4 : 5;
  }

  #joined(): Buffer {
    const [first] = this.#parts;
    if (first !== undefined && this.#parts.length === 1) return first;
    const joined = Buffer.concat(this.#parts);
    this.#parts = [joined];
    return joined;
  }

  #lengthOf(bytes: Buffer): number {
    if (this.#startup) {
      const length = bytes.readInt32BE(0);
      if (length < 8 || length > STARTUP_LIMIT) throw new MalformedMessage('invalid length of startup packet');
      return length;
    }
    const type = typeOf(bytes);
    if (!FRONTEND_TYPES.has(type)) throw new MalformedMessage(`invalid frontend message type ${type}`);
    const length = bytes.readInt32BE(1);
    if (length < 4 || length > MESSAGE_LIMIT) throw new MalformedMessage('invalid message length');
    return length + 1;
  }
}

/** What PostgreSQL answers with 08P01 and the end of the connection. */
export class MalformedMessage extends Error {}

const STARTUP_LIMIT = 10_000;

/** PostgreSQL's is 1 GiB; the embedded one has to copy a message into its own small memory. */
const MESSAGE_LIMIT = 256 << 20;

const FRONTEND_TYPES = new Set(Array.from('QPBDECHSFXdcf', (type) => type.charCodeAt(0)));
