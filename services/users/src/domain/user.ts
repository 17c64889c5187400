import type { Attributes } from './attributes.ts';
import type { Micros } from './clock.ts';
import { UserDeleted, UserNotDeleted, UserNotFound } from './user-errors.ts';
import { uuidv7 } from './uuid.ts';

/** Someone with an account. */
export interface User extends Attributes {
  readonly id: string;
  readonly state: UserState;
  readonly emailVerified: boolean;
  /** Counts the changes, from 1. */
  readonly revision: number;
  readonly createTime: Micros;
  readonly updateTime: Micros;
  readonly deleteTime: Micros | null;
}

export type UserState = 'ACTIVE' | 'DELETED';

export function createdUser(attributes: Attributes, now: Micros): User {
  return {
    ...attributes,
    id: uuidv7(Math.floor(now / 1_000)),
    state: 'ACTIVE',
    emailVerified: false,
    revision: 1,
    createTime: now,
    updateTime: now,
    deleteTime: null,
  };
}

/** The user with other attributes; the very same one where nothing differs. */
export function updatedUser(user: User, attributes: Partial<Attributes>, now: Micros): User {
  if (user.state === 'DELETED') throw new UserDeleted(user.id);
  const next = { ...user, ...attributes };
  if (sameAttributes(user, next)) return user;
  const emailVerified = user.emailVerified && next.email.key === user.email.key;
  return revised({ ...next, emailVerified }, now);
}

export function deletedUser(user: User, now: Micros): User {
  if (user.state === 'DELETED') throw new UserNotFound(user.id);
  return revised({ ...user, state: 'DELETED', deleteTime: now }, now);
}

export function undeletedUser(user: User, now: Micros): User {
  if (user.state !== 'DELETED') throw new UserNotDeleted(user.id);
  return revised({ ...user, state: 'ACTIVE', deleteTime: null }, now);
}

function revised(user: User, now: Micros): User {
  return { ...user, revision: user.revision + 1, updateTime: now };
}

function sameAttributes(a: Attributes, b: Attributes): boolean {
  return (
    a.username.text === b.username.text &&
    a.email.text === b.email.text &&
    a.displayName === b.displayName &&
    a.bio === b.bio &&
    a.avatarUrl === b.avatarUrl &&
    a.locale === b.locale &&
    a.timeZone === b.timeZone
  );
}
