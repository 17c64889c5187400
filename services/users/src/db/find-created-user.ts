import type { EntityManager } from '@mikro-orm/postgresql';
import type { User } from '../domain/user.ts';
import { UserEntity, userOf } from './user-entity.ts';

export interface CreatedUser {
  user: User;
  /** Of the request that created the user. */
  fingerprint: string | null;
}

/** The user that a request created. */
export async function findCreatedUser(em: EntityManager, requestId: string): Promise<CreatedUser | undefined> {
  const row = await em.findOne(UserEntity, { createRequestId: requestId });
  return row ? { user: userOf(row), fingerprint: row.createFingerprint ?? null } : undefined;
}
