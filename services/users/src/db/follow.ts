import type { EntityManager } from '@mikro-orm/postgresql';
import { FollowRefused, UserBlocked, type Relationship } from '../domain/relationship.ts';
import { changeRelationship, type RelationshipChange } from './change-relationship.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

export async function follow(em: EntityManager, change: RelationshipChange): Promise<Relationship> {
  const { userId, otherId } = change.pair;
  return changeRelationship(em, change, 'USER_FOLLOWED', async (transaction) => {
    const blocks = await transaction.execute<{ blocker_id: string }[]>(
      'select blocker_id from users.blocks where (blocker_id, blocked_id) in ((?, ?), (?, ?))',
      [userId, otherId, otherId, userId],
    );
    if (blocks.some(({ blocker_id: blocker }) => blocker === userId)) throw new UserBlocked(otherId);
    if (blocks.length > 0) throw new FollowRefused(otherId);
    const made = await transaction.execute<unknown[]>(
      `insert into users.follows (follower_id, followee_id, create_time) values (?, ?, ?)
       on conflict do nothing
       returning 1`,
      [userId, otherId, time.convertToDatabaseValue(change.now)],
    );
    return made.length > 0;
  });
}
