import type { EntityManager } from '@mikro-orm/postgresql';
import { changeRelationship, type RelationshipChange } from './change-relationship.ts';

export async function unblock(em: EntityManager, change: RelationshipChange): Promise<void> {
  const { userId, otherId } = change.pair;
  await changeRelationship(em, change, 'USER_UNBLOCKED', async (transaction) => {
    const ended = await transaction.execute<unknown[]>(
      'delete from users.blocks where blocker_id = ? and blocked_id = ? returning 1',
      [userId, otherId],
    );
    return ended.length > 0;
  });
}
