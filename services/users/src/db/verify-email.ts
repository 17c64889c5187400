import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { verifiedUser } from '../domain/user.ts';
import { changeUser } from './change-user.ts';
import { useToken } from './use-token.ts';

export interface EmailVerification {
  readonly tokenHash: Buffer;
  readonly actor: string;
}

/** @returns whose email is verified */
export async function verifyEmail(
  em: EntityManager,
  { tokenHash, actor }: EmailVerification,
  now: Micros,
): Promise<string> {
  return useToken(em, { hash: tokenHash, purpose: 'EMAIL_VERIFICATION' }, now, (tx, userId) =>
    verifyEmailOf(tx, userId, { actor, now }),
  );
}

/** Marks the user's email as verified; last in its transaction, as every change of a user. */
export async function verifyEmailOf(
  em: EntityManager,
  userId: string,
  { actor, now }: { actor: string; now: Micros },
): Promise<void> {
  const telling = { actor, action: 'EMAIL_VERIFIED', kind: 'UPDATED' } as const;
  await changeUser(em, { id: userId, etag: '' }, (user) => verifiedUser(user, now), telling);
}
