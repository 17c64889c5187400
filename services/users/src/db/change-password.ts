import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Micros } from '../domain/clock.ts';
import { setNewSecret, type NewSecret } from './new-secret.ts';
import { recordAudit } from './record-audit.ts';

export interface PasswordChange extends NewSecret {
  /** What the current password was compared with. */
  readonly provenHash: string;
  readonly actor: string;
}

/** @returns false where the password or the user's state has changed since the current password was compared */
export async function changePassword(em: EntityManager, change: PasswordChange, now: Micros): Promise<boolean> {
  const { userId, provenHash, actor } = change;
  return triedAgain(() =>
    em.transactional(async (tx) => {
      // The user is locked first by everyone, so that nobody waits for another in a circle.
      const [user] = await tx.execute<unknown[]>(lockingUser, { userId });
      const [credential] = await tx.execute<unknown[]>(provenCredential, { userId, provenHash });
      if (!user || !credential) return false;
      await setNewSecret(tx, change, now);
      await recordAudit(tx, { time: now, actor, action: 'PASSWORD_CHANGED', userId, details: {} });
      return true;
    }),
  );
}

const lockingUser = `select id from users.users where id = :userId and state = 'ACTIVE' for update`;
const provenCredential = `
  select user_id from users.credentials where user_id = :userId and password_hash = :provenHash`;
