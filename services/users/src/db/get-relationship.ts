import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pair, Relationship } from '../domain/relationship.ts';
import { UserNotFound } from '../domain/user-errors.ts';
import { MicrosType } from './micros-type.ts';

interface Row {
  found: string[];
  following: string | null;
  followed: string | null;
  blocking: string | null;
}

const time = new MicrosType();

/** @throws UserNotFound for one who is not there, or is deleted */
export async function getRelationship(em: EntityManager, pair: Pair): Promise<Relationship> {
  const [row] = await em.execute<[Row]>(statement, pair);
  for (const id of [pair.userId, pair.otherId]) if (!row.found.includes(id)) throw new UserNotFound(id);
  const since = (text: string | null) => (text === null ? null : time.convertToJSValue(text));
  return {
    ...pair,
    followingSince: since(row.following),
    followedSince: since(row.followed),
    blockingSince: since(row.blocking),
  };
}

const statement = `
  select
    array(select id::text from users.users where id in (:userId, :otherId) and state <> 'DELETED') as found,
    (select create_time::text from users.follows where follower_id = :userId and followee_id = :otherId) as following,
    (select create_time::text from users.follows where follower_id = :otherId and followee_id = :userId) as followed,
    (select create_time::text from users.blocks where blocker_id = :userId and blocked_id = :otherId) as blocking`;
