import { createHash } from 'node:crypto';

/** A text that changes with every change of a user or an account and that clients can read nothing into. */
export function etagOf({ id, revision }: { id: string; revision: number | bigint }): string {
  return createHash('sha256').update(`${id}/${revision}`).digest('base64url').slice(0, 16);
}
