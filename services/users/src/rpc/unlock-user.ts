import type { UnlockUserRequest, UnlockUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { changeUser } from '../db/change-user.ts';
import { parseUserId } from '../domain/user-ids.ts';
import { unlockedUser } from '../domain/user.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function unlockUser({ database, clock }: Dependencies): UnaryHandler<UnlockUserRequest, UnlockUserResponse> {
  return async ({ id, etag }, { signal, caller }) => {
    const target = { id: parseUserId(id), etag };
    const user = await changeUser(database.session(signal), target, (current) => unlockedUser(current, clock()), {
      actor: caller,
      action: 'USER_UNLOCKED',
      kind: 'UNLOCKED',
    });
    return { user: userMessage(user) };
  };
}
