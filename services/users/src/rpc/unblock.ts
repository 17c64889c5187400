import type { UnblockRequest, UnblockResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/unblock.ts';
import { parsePair } from '../domain/relationship.ts';
import type { Dependencies } from './dependencies.ts';
import { relationshipMessage } from './relationship-message.ts';

export function unblock({ database, clock }: Dependencies): UnaryHandler<UnblockRequest, UnblockResponse> {
  return async (request, { signal, caller }) => {
    const pair = parsePair(request);
    const relationship = await db.unblock(database.session(signal), { pair, actor: caller, now: clock() });
    return { relationship: relationshipMessage(relationship) };
  };
}
