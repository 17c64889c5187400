import type { DeleteUserRequest, DeleteUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { changeUser } from '../db/change-user.ts';
import { parseUserId } from '../domain/user-ids.ts';
import { deletedUser } from '../domain/user.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function deleteUser({ database, clock }: Dependencies): UnaryHandler<DeleteUserRequest, DeleteUserResponse> {
  return async ({ id, etag }, { signal, caller }) => {
    const target = { id: parseUserId(id), etag };
    const user = await changeUser(database.session(signal), target, (current) => deletedUser(current, clock()), {
      actor: caller,
      action: 'USER_DELETED',
      kind: 'DELETED',
    });
    return { user: userMessage(user) };
  };
}
