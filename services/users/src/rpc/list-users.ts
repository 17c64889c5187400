import type { ListUsersRequest, ListUsersResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/list-users.ts';
import { parseUserList } from '../domain/user-list.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage, userStateOf } from './mapping.ts';

export function listUsers({ database, pageTokens }: Dependencies): UnaryHandler<ListUsersRequest, ListUsersResponse> {
  return async (request, { signal }) => {
    const { list, pageSize } = parseUserList({ ...request, states: request.states.map(userStateOf) });
    const after = pageTokens.read(request.pageToken, list);
    const { users, next } = await db.listUsers(database.session(signal), list, pageSize, after);
    return { users: users.map(userMessage), nextPageToken: next ? pageTokens.write(next, list) : '' };
  };
}
