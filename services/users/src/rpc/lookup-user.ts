import type { LookupUserRequest, LookupUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { findUser } from '../db/find-user.ts';
import { UserNotFound } from '../domain/user-errors.ts';
import { parseUserKey } from '../domain/user-key.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function lookupUser({ database }: Dependencies): UnaryHandler<LookupUserRequest, LookupUserResponse> {
  return async (request, { signal }) => {
    const key = parseUserKey('key', request.key);
    const user = await findUser(database.session(signal), key);
    if (!user) throw new UserNotFound(`with this ${request.key?.$case}`);
    return { user: userMessage(user) };
  };
}
