import type { EntityManager } from '@mikro-orm/postgresql';
import type { UserKey } from '../domain/user-key.ts';
import type { User } from '../domain/user.ts';
import { UserEntity, userOf } from './user-entity.ts';

export async function findUser(em: EntityManager, key: UserKey): Promise<User | undefined> {
  const row = await em.findOne(UserEntity, key);
  return row ? userOf(row) : undefined;
}
