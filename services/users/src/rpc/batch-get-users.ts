import type { BatchGetUsersRequest, BatchGetUsersResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { findUsers } from '../db/find-users.ts';
import { parseUserIds } from '../domain/user-ids.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function batchGetUsers({ database }: Dependencies): UnaryHandler<BatchGetUsersRequest, BatchGetUsersResponse> {
  return async (request, { signal }) => {
    const ids = parseUserIds(request.ids);
    const found = await findUsers(database.session(signal), ids);
    return {
      users: ids.flatMap((id) => found.get(id) ?? []).map(userMessage),
      missing: request.ids.filter((_, index) => !found.has(ids[index] ?? '')),
    };
  };
}
