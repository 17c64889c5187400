import type { EntityDictionary, EntityManager } from '@mikro-orm/postgresql';
import type { UserList } from '../domain/user-list.ts';
import type { User } from '../domain/user.ts';
import { MicrosType } from './micros-type.ts';
import { UserEntity, userOf, type UserRow } from './user-entity.ts';

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
  list: UserList,
  pageSize: number,
  after: UserCursor | undefined,
): Promise<UserPage> {
  const prefix = list.usernameKeyPrefix;
  // One more than asked tells whether there is another page.
  const values = {
    prefix,
    beyondPrefix: `${prefix}${lastCodePoint}`,
    ...cursorValues(list, after),
    limit: pageSize + 1,
  };
  const rows = await em.execute<EntityDictionary<UserRow>[]>(statementFor(list, after !== undefined), values);
  const users = rows.map((row) => userOf(em.map(UserEntity, row)));
  return { users: users.slice(0, pageSize), more: rows.length > pageSize };
}

// In the "C" collation of the column nothing that begins with the prefix sorts behind it.
const lastCodePoint = '\u{10ffff}';

function cursorValues({ order }: UserList, [first, id]: UserCursor = []): Record<string, unknown> {
  return order.by === 'username' ? { afterKey: first } : { afterTime: first, afterId: id };
}

/** A page of each state, which an index has in order, and of these the page. */
function statementFor(list: UserList, continued: boolean): string {
  const order = orderOf(list);
  const pages = list.states.map(
    (state) => `(
      select * from users.users
      where ${[`state = '${state}'`, ...conditionsOf(list, continued)].join(' and ')}
      order by ${order}
      limit :limit
    )`,
  );
  return `select * from (${pages.join(' union all ')}) as pages order by ${order} limit :limit`;
}

function conditionsOf({ usernameKeyPrefix, order }: UserList, continued: boolean): string[] {
  const beyond = order.descending ? '<' : '>';
  return [
    ...(usernameKeyPrefix === '' ? [] : ['username_key >= :prefix and username_key < :beyondPrefix']),
    ...(continued && order.by === 'username' ? [`username_key ${beyond} :afterKey`] : []),
    ...(continued && order.by === 'create_time'
      ? [`(create_time, id) ${beyond} (:afterTime::timestamptz, :afterId::uuid)`]
      : []),
  ];
}

function orderOf({ order: { by, descending } }: UserList): string {
  const direction = descending ? 'desc' : 'asc';
  return by === 'username' ? `username_key ${direction}` : `create_time ${direction}, id ${direction}`;
}

export function cursorOf(user: User, { order }: UserList): UserCursor {
  return order.by === 'username' ? [user.username.key] : [time.convertToDatabaseValue(user.createTime), user.id];
}
