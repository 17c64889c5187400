import type { GetRelationshipRequest, GetRelationshipResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/get-relationship.ts';
import { parsePair } from '../domain/relationship.ts';
import type { Dependencies } from './dependencies.ts';
import { relationshipMessage } from './relationship-message.ts';

export function getRelationship({
  database,
}: Dependencies): UnaryHandler<GetRelationshipRequest, GetRelationshipResponse> {
  return async (request, { signal }) => {
    const pair = parsePair(request);
    return { relationship: relationshipMessage(await db.getRelationship(database.session(signal), pair)) };
  };
}
