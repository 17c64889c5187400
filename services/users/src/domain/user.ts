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
  /** Kept while the user is deleted, so that undeleting lifts no lock. */
  readonly lockTime: Micros | null;
}

export type UserState = 'ACTIVE' | 'LOCKED' | 'DELETED';

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
    lockTime: null,
  };
}

/** The user with other attributes; the very same one where nothing differs. */
export function updatedUser(user: User, attributes: Partial<Attributes>, now: Micros): User {
  if (user.state === 'DELETED') throw new UserDeleted(user.id);
  const next = { ...user, ...attributes };
  if (changedFields(user, next).length === 0) return user;
  const emailVerified = user.emailVerified && next.email.key === user.email.key;
  return revised({ ...next, emailVerified }, now);
}

export function deletedUser(user: User, now: Micros): User {
  if (user.state === 'DELETED') throw new UserNotFound(user.id);
  return revised({ ...user, state: 'DELETED', deleteTime: now }, now);
}

export function undeletedUser(user: User, now: Micros): User {
  if (user.state !== 'DELETED') throw new UserNotDeleted(user.id);
  return revised({ ...user, state: user.lockTime === null ? 'ACTIVE' : 'LOCKED', deleteTime: null }, now);
}

/** The very same user where the user is locked already. */
export function lockedUser(user: User, now: Micros): User {
  if (user.state === 'DELETED') throw new UserDeleted(user.id);
  if (user.state === 'LOCKED') return user;
  return revised({ ...user, state: 'LOCKED', lockTime: now }, now);
}

/** The very same user where the user is not locked. */
export function unlockedUser(user: User, now: Micros): User {
  if (user.state === 'DELETED') throw new UserDeleted(user.id);
  if (user.state !== 'LOCKED') return user;
  return revised({ ...user, state: 'ACTIVE', lockTime: null }, now);
}

/** The very same user where the email is verified already. */
export function verifiedUser(user: User, now: Micros): User {
  return user.emailVerified ? user : revised({ ...user, emailVerified: true }, now);
}

function revised(user: User, now: Micros): User {
  return { ...user, revision: user.revision + 1, updateTime: now };
}

/** The paths of the attributes in which two differ, as an update_mask names them. */
export function changedFields(a: Attributes, b: Attributes): string[] {
  const same = {
    username: a.username.text === b.username.text,
    email: a.email.text === b.email.text,
    display_name: a.displayName === b.displayName,
    'profile.bio': a.bio === b.bio,
    'profile.avatar_url': a.avatarUrl === b.avatarUrl,
    'profile.locale': a.locale === b.locale,
    'profile.time_zone': a.timeZone === b.timeZone,
  };
  return Object.entries(same).flatMap(([path, isSame]) => (isSame ? [] : path));
}
