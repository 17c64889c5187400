import type { FollowRequest, FollowResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/follow.ts';
import { parsePair } from '../domain/relationship.ts';
import type { Dependencies } from './dependencies.ts';
import { relationshipMessage } from './relationship-message.ts';

export function follow({ database, clock }: Dependencies): UnaryHandler<FollowRequest, FollowResponse> {
  return async (request, { signal, caller }) => {
    const pair = parsePair(request);
    const relationship = await db.follow(database.session(signal), { pair, actor: caller, now: clock() });
    return { relationship: relationshipMessage(relationship) };
  };
}
