import type { ListFollowingRequest, ListFollowingResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import type { Dependencies } from './dependencies.ts';
import { pageOfRelatedUsers } from './page-of-related-users.ts';

export function listFollowing(dependencies: Dependencies): UnaryHandler<ListFollowingRequest, ListFollowingResponse> {
  return async (request, { signal }) => {
    const { page, nextPageToken } = await pageOfRelatedUsers(dependencies, 'following', request, signal);
    return { following: page, nextPageToken };
  };
}
