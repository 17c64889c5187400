import type { EntityManager } from '@mikro-orm/postgresql';
import type { Relationship } from '../domain/relationship.ts';
import { changeRelationship, type RelationshipChange } from './change-relationship.ts';

export async function unfollow(em: EntityManager, change: RelationshipChange): Promise<Relationship> {
  const { userId, otherId } = change.pair;
  return changeRelationship(em, change, 'USER_UNFOLLOWED', async (transaction) => {
    const ended = await transaction.execute<unknown[]>(
      'delete from users.follows where follower_id = ? and followee_id = ? returning 1',
      [userId, otherId],
    );
    return ended.length > 0;
  });
}
