import type { EntityManager } from '@mikro-orm/postgresql';
import { etagOf } from '../domain/etag.ts';
import { EtagMismatch, UserNotFound } from '../domain/user-errors.ts';
import type { User } from '../domain/user.ts';
import { beginAgain } from './begin-again.ts';
import { uniqueOr } from './unique-or.ts';
import { columnsOf, UserEntity, userOf } from './user-entity.ts';

/**
 * Makes a change to the user as it is at the time: where another change came between the read and the write, the write
 * finds nothing, and all begins again with what that change made. Every round some change is made, and no lock is held
 * while this process thinks.
 * @param etag the one that the user must have; empty: any
 */
export async function changeUser(
  em: EntityManager,
  { id, etag }: { id: string; etag: string },
  change: (user: User) => User,
): Promise<User> {
  for (;;) {
    const row = await em.findOne(UserEntity, { id }, { disableIdentityMap: true });
    if (!row) throw new UserNotFound(id);
    const user = userOf(row);
    const next = change(user);
    if (etag !== '' && etag !== etagOf(user)) throw new EtagMismatch(id);
    if (next === user) return user;
    const unchanged = { id, revision: user.revision };
    // Two users who swap their usernames at once wait for each other.
    const write = () => beginAgain(() => em.nativeUpdate(UserEntity, unchanged, columnsOf(next)));
    const written = await uniqueOr(write);
    if (written === 1) return next;
  }
}
