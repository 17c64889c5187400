import type { UpdateUserRequest, UpdateUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { changeUser } from '../db/change-user.ts';
import { parseUserChanges } from '../domain/user-changes.ts';
import { changedFields, updatedUser } from '../domain/user.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function updateUser({ database, clock }: Dependencies): UnaryHandler<UpdateUserRequest, UpdateUserResponse> {
  return async (request, { signal, caller }) => {
    const { id, etag, attributes } = parseUserChanges(request);
    const user = await changeUser(
      database.session(signal),
      { id, etag },
      (current) => updatedUser(current, attributes, clock()),
      {
        actor: caller,
        action: 'USER_UPDATED',
        kind: 'UPDATED',
        details: (before, after) => ({ fields: changedFields(before, after) }),
      },
    );
    return { user: userMessage(user) };
  };
}
