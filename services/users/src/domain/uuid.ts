import { randomBytes } from 'node:crypto';
import { BadValue } from './fields.ts';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A UUID of any version, in lower case. */
export function parseUuid(input: string): string {
  const uuid = input.toLowerCase();
  if (!form.test(uuid)) throw new BadValue('must be a UUID, such as "018f2c3e-7a51-7c0e-8f6b-3d2a1b4c5d6e"');
  return uuid;
}

/** A UUID of version 7 (RFC 9562): 48 bits of time in front, so that new rows sit together at the end of the index. */
export function uuidv7(timeMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(timeMs, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
