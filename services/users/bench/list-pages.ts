import type { UserCursor } from '../src/db/list-users.ts';
import type { UserList } from '../src/domain/user-list.ts';
import type { UserState } from '../src/domain/user.ts';
import { createTimeOf, idOf } from './made-users.ts';

export interface ListPage {
  name: string;
  list: UserList;
  after: UserCursor | undefined;
}

const allStates: readonly (readonly UserState[])[] = [
  ['ACTIVE', 'LOCKED'],
  ['ACTIVE'],
  ['LOCKED'],
  ['DELETED'],
  ['DELETED', 'LOCKED'],
  ['ACTIVE', 'DELETED', 'LOCKED'],
];
// Of a million users, all have the second, a tenth the third, a hundredth the next, and so on.
const prefixes = ['', 'user', 'user04', 'user042', 'user0424', 'user04242'];
const orders = (['create_time', 'username'] as const).flatMap((by) =>
  [false, true].map((descending) => ({ by, descending })),
);
const depths = { first: 0, middle: 0.5, deep: 0.98 };

/** A page of every order and filter, from the beginning, the middle and near the end. */
export function listPages(users: number): ListPage[] {
  return orders.flatMap((order) =>
    allStates.flatMap((states) =>
      prefixes.flatMap((usernameKeyPrefix) =>
        Object.entries(depths).map(([depth, part]) => {
          const list = { states, usernameKeyPrefix, order };
          return { name: nameOfPage(list, depth), list, after: part === 0 ? undefined : cursorAt(list, part, users) };
        }),
      ),
    ),
  );
}

function nameOfPage({ states, usernameKeyPrefix, order }: UserList, depth: string): string {
  const filter = `${states.join('+')}${usernameKeyPrefix === '' ? '' : `, ${usernameKeyPrefix}*`}`;
  return `${depth} page of ${filter} by ${order.by}${order.descending ? ' desc' : ''}`;
}

function cursorAt({ usernameKeyPrefix, order }: UserList, part: number, users: number): UserCursor {
  const along = order.descending ? 1 - part : part;
  if (order.by === 'username') return [usernameAt(usernameKeyPrefix, along)];
  const n = Math.floor(along * users);
  return [createTimeOf(n), idOf(n)];
}

/** A username that so large a part of those with the prefix come before. */
function usernameAt(prefix: string, part: number): string {
  // All but three names begin with a zero.
  const known = prefix.slice('user'.length) || '0';
  const rest = 7 - known.length;
  return `user${known}${String(Math.floor(part * 10 ** rest)).padStart(rest, '0')}`;
}
