import type { Micros } from './micros.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return uuid.test(text);
}

/** The time inside a UUID of version 7, to the millisecond (RFC 9562, section 5.7); undefined for other versions. */
export function timeOfUuid(id: string): Micros | undefined {
  if (id[14] !== '7') return undefined;
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16) * 1_000;
}
