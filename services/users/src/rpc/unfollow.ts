import type { UnfollowRequest, UnfollowResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/unfollow.ts';
import { parsePair } from '../domain/relationship.ts';
import type { Dependencies } from './dependencies.ts';
import { relationshipMessage } from './relationship-message.ts';

export function unfollow({ database, clock }: Dependencies): UnaryHandler<UnfollowRequest, UnfollowResponse> {
  return async (request, { signal, caller }) => {
    const pair = parsePair(request);
    const relationship = await db.unfollow(database.session(signal), { pair, actor: caller, now: clock() });
    return { relationship: relationshipMessage(relationship) };
  };
}
