import { hash } from 'node:crypto';
import { maxLineBytes } from './read-lines.ts';

/** What `--source` may have. */
export const maxSourceBytes = 256;

// Reused, since a line is hashed before the next one is looked at.
const hashed = Buffer.alloc(8 + maxLineBytes + 1 + maxSourceBytes);

/**
 * The same id for the same line at the same place of a file, so that a second import stores nothing: a UUID of version 7
 * (RFC 9562, section 5.7) whose time is the event's and whose other bits are from SHA-256 over the line's number (8 bytes,
 * big-endian) and bytes, then a newline and the source's name where there is one. The file's name is left out, since a log
 * is renamed when it is rotated.
 */
export function eventId(line: { timeMs: number; number: number; bytes: Buffer; source: string }): string {
  hashed.writeBigUInt64BE(BigInt(line.number));
  line.bytes.copy(hashed, 8);
  let length = 8 + line.bytes.length;
  // A line holds no newline, so that no line continues into a name.
  if (line.source !== '') length += hashed.write(`\n${line.source}`, length);
  const digest = hash('sha256', hashed.subarray(0, length), 'hex');
  // A version 7 holds no time before 1970, where a shift can lead; the service refuses such an event by its time.
  const time = Math.max(0, line.timeMs).toString(16).padStart(12, '0');
  const variant = '89ab'[parseInt(digest.slice(3, 4), 16) & 3];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digest.slice(0, 3)}-${variant}${digest.slice(4, 7)}-${digest.slice(7, 19)}`;
}
