import type { ListFollowersRequest, ListFollowersResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import type { Dependencies } from './dependencies.ts';
import { pageOfRelatedUsers } from './page-of-related-users.ts';

export function listFollowers(dependencies: Dependencies): UnaryHandler<ListFollowersRequest, ListFollowersResponse> {
  return async (request, { signal }) => {
    const { page, nextPageToken } = await pageOfRelatedUsers(dependencies, 'followers', request, signal);
    return { followers: page, nextPageToken };
  };
}
