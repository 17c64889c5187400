import type { LockUserRequest, LockUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { changeUser } from '../db/change-user.ts';
import { parseUserId } from '../domain/user-ids.ts';
import { lockedUser } from '../domain/user.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function lockUser({ database, clock }: Dependencies): UnaryHandler<LockUserRequest, LockUserResponse> {
  return async ({ id, etag }, { signal, caller }) => {
    const target = { id: parseUserId(id), etag };
    const user = await changeUser(database.session(signal), target, (current) => lockedUser(current, clock()), {
      actor: caller,
      action: 'USER_LOCKED',
      kind: 'LOCKED',
    });
    return { user: userMessage(user) };
  };
}
