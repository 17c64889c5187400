import type { EntityManager } from '@mikro-orm/postgresql';

export interface RelationshipCounts {
  readonly followers: bigint;
  readonly following: bigint;
}

/**
 * Counted, not kept: a number that is kept would have to follow each delete and undelete of a user with as many changes
 * as the user has relationships, and everybody who follows a popular user would wait for the same row.
 */
export async function countRelationships(em: EntityManager, userId: string): Promise<RelationshipCounts> {
  const [row] = await em.execute<[{ followers: string; following: string }]>(statement, { userId });
  return { followers: BigInt(row.followers), following: BigInt(row.following) };
}

// Of all users few are deleted: they are taken off, instead of looking up each one who counts.
const statement = `
  select
    (select count(*) from users.follows where followee_id = :userId) - (
      select count(*) from users.users u join users.follows f on f.follower_id = u.id and f.followee_id = :userId
      where u.delete_time is not null
    ) as followers,
    (select count(*) from users.follows where follower_id = :userId) - (
      select count(*) from users.users u join users.follows f on f.followee_id = u.id and f.follower_id = :userId
      where u.delete_time is not null
    ) as following`;
