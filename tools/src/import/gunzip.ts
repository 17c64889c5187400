import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const bufferBytes = 256 * 1_024;

/**
 * The content of a stream, unpacked where it is gzip: that is told by its first two bytes (RFC 1952, section 2.3.1),
 * whatever its name.
 *
 * @param onBytes told of the bytes as they are read, still packed
 */
export async function* gunzip(raw: Readable, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  const packed = counted(raw, onBytes);
  const head = await takeAtLeast(2, packed);
  const whole = joined(head, packed);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* whole;
    return;
  }
  const unpacked = createGunzip({ chunkSize: bufferBytes });
  // A failure of either stream comes out of the iteration below.
  pipeline(Readable.from(whole, { objectMode: false }), unpacked, () => undefined);
  yield* unpacked as AsyncIterable<Buffer>;
}

async function* counted(raw: Readable, onBytes: (count: number) => void): AsyncGenerator<Buffer, void> {
  for await (const chunk of raw as AsyncIterable<Buffer>) {
    onBytes(chunk.length);
    yield chunk;
  }
}

async function takeAtLeast(count: number, chunks: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < count) {
    const next = await chunks.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* joined(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}
