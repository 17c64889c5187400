import { isUtf8 } from 'node:buffer';
import { BinaryReader } from '@bufbuild/protobuf/wire';

/**
 * Reads the text of a message by the decoder of Node's buffers, which makes an event of ten texts in half the time that
 * the library's own takes.
 */
export class TextReader extends BinaryReader {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(bytes);
    this.#bytes = bytes;
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
}
