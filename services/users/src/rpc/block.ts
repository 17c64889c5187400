import type { BlockRequest, BlockResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/block.ts';
import { parsePair } from '../domain/relationship.ts';
import type { Dependencies } from './dependencies.ts';
import { relationshipMessage } from './relationship-message.ts';

export function block({ database, clock }: Dependencies): UnaryHandler<BlockRequest, BlockResponse> {
  return async (request, { signal, caller }) => {
    const pair = parsePair(request);
    const relationship = await db.block(database.session(signal), { pair, actor: caller, now: clock() });
    return { relationship: relationshipMessage(relationship) };
  };
}
