import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { setNewSecret, type NewSecret } from './new-secret.ts';
import { recordAudit } from './record-audit.ts';
import { useToken } from './use-token.ts';
import { verifyEmailOf } from './verify-email.ts';

export interface PasswordReset extends Omit<NewSecret, 'userId'> {
  readonly tokenHash: Buffer;
  readonly actor: string;
}

/**
 * Sets a password by a token. The token came to the user's email, so that this is verified too.
 * @returns whose password it is
 */
export async function resetPassword(em: EntityManager, reset: PasswordReset, now: Micros): Promise<string> {
  const { tokenHash, actor, ...secret } = reset;
  return useToken(em, { hash: tokenHash, purpose: 'PASSWORD_RESET' }, now, async (tx, userId) => {
    await setNewSecret(tx, { ...secret, userId }, now);
    await recordAudit(tx, { time: now, actor, action: 'PASSWORD_RESET', userId, details: {} });
    await verifyEmailOf(tx, userId, { actor, now });
  });
}
