import { UserChangeKind, UserState, type User, type UserChange } from '@tidemark/contracts/users';
import { timestampOf } from '@tidemark/grpc-kit';
import { etagOf } from '../domain/etag.ts';
import type * as change from '../domain/user-change.ts';
import type * as domain from '../domain/user.ts';

export function userMessage(user: domain.User): User {
  return {
    id: user.id,
    username: user.username.text,
    email: user.email.text,
    displayName: user.displayName,
    profile: { bio: user.bio, avatarUrl: user.avatarUrl, locale: user.locale, timeZone: user.timeZone },
    state: UserState[user.state],
    emailVerified: user.emailVerified,
    etag: etagOf(user),
    createTime: timestampOf(user.createTime),
    updateTime: timestampOf(user.updateTime),
    deleteTime: user.deleteTime === null ? undefined : timestampOf(user.deleteTime),
    lockTime: user.lockTime === null ? undefined : timestampOf(user.lockTime),
  };
}

/** @param user as they are now; absent where the user is not there any more */
export function userChangeMessage(
  { userId, kind, time }: change.UserChange,
  user: domain.User | undefined,
): UserChange {
  return { userId, kind: UserChangeKind[kind], time: timestampOf(time), user: user && userMessage(user) };
}

/** undefined for a state that clients cannot name. */
export function userStateOf(state: UserState): domain.UserState | undefined {
  switch (state) {
    case UserState.ACTIVE:
      return 'ACTIVE';
    case UserState.LOCKED:
      return 'LOCKED';
    case UserState.DELETED:
      return 'DELETED';
    default:
      return undefined;
  }
}
