import { User, type ListUsersRequest, type ListUsersResponse } from '@tidemark/contracts/users';
import { itemsThatFit, type UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/list-users.ts';
import { parseUserList } from '../domain/user-list.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage, userStateOf } from './mapping.ts';

export function listUsers({ database, pageTokens }: Dependencies): UnaryHandler<ListUsersRequest, ListUsersResponse> {
  return async (request, { signal }) => {
    const { list, pageSize } = parseUserList({ ...request, states: request.states.map(userStateOf) });
    const after = pageTokens.read(request.pageToken, list);
    const { users, more } = await db.listUsers(database.session(signal), list, pageSize, after);
    const page = itemsThatFit(users.map(userMessage), (message) => User.encode(message).finish().length);
    const last = users[page.length - 1];
    const next = last && (more || page.length < users.length) ? db.cursorOf(last, list) : undefined;
    return { users: [...page], nextPageToken: next ? pageTokens.write(next, list) : '' };
  };
}
