import type { ReplaceUserRequest, ReplaceUserResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { replaceUser as replaceStoredUser } from '../db/replace-user.ts';
import { parseUserReplacement } from '../domain/user-replacement.ts';
import type { Context } from './context.ts';

export function replaceUser({ pool }: Context): UnaryHandler<ReplaceUserRequest, ReplaceUserResponse> {
  return (request, { signal }) => replaceStoredUser(pool, signal, parseUserReplacement(request));
}
