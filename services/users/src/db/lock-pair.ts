import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pair } from '../domain/relationship.ts';
import { UserNotFound } from '../domain/user-errors.ts';

/**
 * Makes the changes of what is between two users wait for one another, in either direction, so that no follow comes
 * between a block and its look for follows. It comes first in its transaction: who has locked a pair then waits for
 * nobody who waits for a pair. The rows of the users are held before those of their relationships, in the order of their
 * ids: so does a removal, which holds the user's row while it takes the relationships along.
 * @throws UserNotFound for one who is not there, or is deleted
 */
export async function lockPair(em: EntityManager, { userId, otherId }: Pair): Promise<void> {
  const pair = [userId, otherId].sort().join(' ');
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 7204051997))', [pair]);
  const users = await em.execute<{ id: string; state: string }[]>(
    'select id, state from users.users where id in (?, ?) order by id for key share',
    [userId, otherId],
  );
  for (const id of [userId, otherId]) {
    if (!users.some((user) => user.id === id && user.state !== 'DELETED')) throw new UserNotFound(id);
  }
}
