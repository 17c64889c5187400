import type { EntityManager } from '@mikro-orm/postgresql';
import type { UserList } from '../domain/user-list.ts';
import type { User } from '../domain/user.ts';
import { MicrosType } from './micros-type.ts';
import { UserEntity, userOf } from './user-entity.ts';

/** What the list is ordered by, of one user: the next page begins after it. */
export type UserCursor = readonly string[];

export interface UserPage {
  users: User[];
  /** Whether there is another page. */
  more: boolean;
}

const time = new MicrosType();

/** A page by keyset, so that rows which come and go meanwhile move nothing from page to page. */
export async function listUsers(
  em: EntityManager,
  { states, usernameKeyPrefix, order }: UserList,
  pageSize: number,
  after: UserCursor | undefined,
): Promise<UserPage> {
  const [beyond, direction] = order.descending ? ['<', 'desc' as const] : ['>', 'asc' as const];
  const query = em.createQueryBuilder(UserEntity, 'u').where({ state: { $in: states } });
  if (usernameKeyPrefix !== '') {
    // In the "C" collation of the column nothing that begins with the prefix sorts behind the last code point.
    query.andWhere({ usernameKey: { $gte: usernameKeyPrefix, $lt: `${usernameKeyPrefix}\u{10ffff}` } });
  }
  if (order.by === 'username') {
    if (after) query.andWhere(`u.username_key ${beyond} ?`, [...after]);
    query.orderBy({ usernameKey: direction });
  } else {
    if (after) query.andWhere(`(u.create_time, u.id) ${beyond} (?::timestamptz, ?::uuid)`, [...after]);
    query.orderBy({ createTime: direction, id: direction });
  }
  // One more than asked tells whether there is another page.
  const rows = await query.limit(pageSize + 1).getResultList();
  return { users: rows.slice(0, pageSize).map(userOf), more: rows.length > pageSize };
}

export function cursorOf(user: User, { order }: UserList): UserCursor {
  return order.by === 'username' ? [user.username.key] : [time.convertToDatabaseValue(user.createTime), user.id];
}
