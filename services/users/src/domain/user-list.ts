import { at, BadValue, together } from './fields.ts';
import { parsePageSize } from './page-size.ts';
import { parseText } from './text.ts';
import type { UserState } from './user.ts';
import { usernameKey } from './username.ts';

/** Which users, in which order: what a page token is bound to. */
export interface UserList {
  readonly states: readonly UserState[];
  /** The beginning of the username's key; empty: all. */
  readonly usernameKeyPrefix: string;
  readonly order: UserOrder;
}

export interface UserOrder {
  readonly by: 'create_time' | 'username';
  readonly descending: boolean;
}

export interface UserListInput {
  /** undefined: a state that this version does not know. */
  readonly states: readonly (UserState | undefined)[];
  readonly usernamePrefix: string;
  readonly orderBy: string;
  readonly pageSize: number;
}

const notDeleted: readonly UserState[] = ['ACTIVE', 'LOCKED'];

export function parseUserList(input: UserListInput): { list: UserList; pageSize: number } {
  const { pageSize, ...list } = together({
    states: at('states', () => parseStates(input.states)),
    usernameKeyPrefix: at('username_prefix', () => usernameKey(parseText(input.usernamePrefix))),
    order: at('order_by', () => parseOrder(input.orderBy)),
    pageSize: at('page_size', () => parsePageSize(input.pageSize)),
  });
  return { list, pageSize };
}

function parseStates(states: UserListInput['states']): readonly UserState[] {
  if (states.length === 0) return notDeleted;
  const known = states.filter((state) => state !== undefined);
  if (known.length < states.length)
    throw new BadValue('must be USER_STATE_ACTIVE, USER_STATE_LOCKED or USER_STATE_DELETED');
  return [...new Set(known)].sort();
}

function parseOrder(text: string): UserOrder {
  if (text === '') return { by: 'create_time', descending: false };
  const [, by, desc] = /^ *(create_time|username)( +desc)? *$/.exec(text) ?? [];
  if (by !== 'create_time' && by !== 'username') {
    throw new BadValue('must be "create_time" or "username", with an optional " desc"');
  }
  return { by, descending: desc !== undefined };
}
