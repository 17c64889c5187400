import type { UndeleteUserRequest, UndeleteUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { changeUser } from '../db/change-user.ts';
import { parseUserId } from '../domain/user-ids.ts';
import { undeletedUser } from '../domain/user.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function undeleteUser({
  database,
  clock,
}: Dependencies): UnaryHandler<UndeleteUserRequest, UndeleteUserResponse> {
  return async ({ id, etag }, { signal, caller }) => {
    const target = { id: parseUserId(id), etag };
    const user = await changeUser(database.session(signal), target, (current) => undeletedUser(current, clock()), {
      actor: caller,
      action: 'USER_UNDELETED',
      kind: 'UNDELETED',
    });
    return { user: userMessage(user) };
  };
}
