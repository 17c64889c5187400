import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { CredentialEntity } from './credential-entity.ts';

/** Replaces a hash by another one of the same password, unless the password has changed meanwhile. */
export async function upgradeHash(
  em: EntityManager,
  userId: string,
  { from, to }: { from: string; to: string },
  now: Micros,
): Promise<void> {
  await em.nativeUpdate(CredentialEntity, { user: userId, passwordHash: from }, { passwordHash: to, updateTime: now });
}
