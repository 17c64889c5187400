import { RelatedUser, type ListFollowersRequest } from '@tidemark/contracts/users';
import { itemsThatFit, timestampOf } from '@tidemark/grpc-kit';
import { checkUser } from '../db/check-user.ts';
import { cursorOf, listRelatedUsers } from '../db/list-related-users.ts';
import { parseRelatedList, type RelatedList } from '../domain/related-list.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

/** A page of any of the lists of a user's relations, which are asked for alike. */
export async function pageOfRelatedUsers(
  { database, pageTokens }: Dependencies,
  which: RelatedList['which'],
  request: ListFollowersRequest,
  signal: AbortSignal,
): Promise<{ page: RelatedUser[]; nextPageToken: string }> {
  const { list, pageSize } = parseRelatedList(which, request);
  const after = pageTokens.read(request.pageToken, list);
  await checkUser(database.session(signal), list.userId);
  const { related, more, end } = await listRelatedUsers(database.session(signal), list, pageSize, after);
  const messages = related.map(({ user, since }) => ({ user: userMessage(user), since: timestampOf(since) }));
  const page = itemsThatFit(messages, (message) => RelatedUser.encode(message).finish().length);
  const last = related[page.length - 1];
  const next = page.length < related.length && last ? cursorOf(last) : more ? end : undefined;
  return { page: [...page], nextPageToken: next ? pageTokens.write(next, list) : '' };
}
