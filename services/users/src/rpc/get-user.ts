import type { GetUserRequest, GetUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { findUser } from '../db/find-user.ts';
import { UserNotFound } from '../domain/user-errors.ts';
import { parseUserId } from '../domain/user-ids.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function getUser({ database }: Dependencies): UnaryHandler<GetUserRequest, GetUserResponse> {
  return async (request, { signal }) => {
    const id = parseUserId(request.id);
    const user = await findUser(database.session(signal), { id });
    if (!user) throw new UserNotFound(id);
    return { user: userMessage(user) };
  };
}
