import { createHash } from 'node:crypto';
import type { User } from './user.ts';

/** A text that changes with every change of the user and that clients can read nothing into. */
export function etagOf({ id, revision }: Pick<User, 'id' | 'revision'>): string {
  return createHash('sha256').update(`${id}/${revision}`).digest('base64url').slice(0, 16);
}
