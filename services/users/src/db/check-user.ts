import type { EntityManager } from '@mikro-orm/postgresql';
import { UserNotFound } from '../domain/user-errors.ts';
import { findUser } from './find-user.ts';

/** @throws UserNotFound for one who is not there, or is deleted */
export async function checkUser(em: EntityManager, id: string): Promise<void> {
  const user = await findUser(em, { id });
  if (!user || user.state === 'DELETED') throw new UserNotFound(id);
}
