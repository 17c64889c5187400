import type { EntityManager } from '@mikro-orm/postgresql';
import type { User } from '../domain/user.ts';
import { UserEntity, userOf } from './user-entity.ts';

/** Those that are there, by id. */
export async function findUsers(em: EntityManager, ids: readonly string[]): Promise<Map<string, User>> {
  const rows = await em.find(UserEntity, { id: { $in: [...new Set(ids)] } });
  return new Map(rows.map((row) => [row.id, userOf(row)]));
}
