import type { EntityManager } from '@mikro-orm/postgresql';
import type { Relationship } from '../domain/relationship.ts';
import { changeRelationship, type RelationshipChange } from './change-relationship.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

/** It also ends the follows between the two. */
export async function block(em: EntityManager, change: RelationshipChange): Promise<Relationship> {
  const { userId, otherId } = change.pair;
  return changeRelationship(em, change, 'USER_BLOCKED', async (transaction) => {
    const made = await transaction.execute<unknown[]>(
      `with ended as (
         delete from users.follows where (follower_id, followee_id) in ((?, ?), (?, ?))
       )
       insert into users.blocks (blocker_id, blocked_id, create_time) values (?, ?, ?)
       on conflict do nothing
       returning 1`,
      [userId, otherId, otherId, userId, userId, otherId, time.convertToDatabaseValue(change.now)],
    );
    return made.length > 0;
  });
}
