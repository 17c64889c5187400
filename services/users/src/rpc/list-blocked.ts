import type { ListBlockedRequest, ListBlockedResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import type { Dependencies } from './dependencies.ts';
import { pageOfRelatedUsers } from './page-of-related-users.ts';

export function listBlocked(dependencies: Dependencies): UnaryHandler<ListBlockedRequest, ListBlockedResponse> {
  return async (request, { signal }) => {
    const { page, nextPageToken } = await pageOfRelatedUsers(dependencies, 'blocked', request, signal);
    return { blocked: page, nextPageToken };
  };
}
