import type { EntityManager } from '@mikro-orm/postgresql';
import type { UserKey } from '../domain/user-key.ts';
import { CredentialEntity } from './credential-entity.ts';

/** Of a user who can sign in: one who is deleted or has no password is not found. */
export async function findPasswordHash(
  em: EntityManager,
  key: UserKey,
): Promise<{ userId: string; passwordHash: string } | undefined> {
  const row = await em.findOne(CredentialEntity, { user: { ...key, state: 'ACTIVE' } });
  return row ? { userId: row.user.id, passwordHash: row.passwordHash } : undefined;
}
