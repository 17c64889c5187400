import type { CountRelationshipsRequest, CountRelationshipsResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { checkUser } from '../db/check-user.ts';
import * as db from '../db/count-relationships.ts';
import { at } from '../domain/fields.ts';
import { parseUuid } from '../domain/uuid.ts';
import type { Dependencies } from './dependencies.ts';

export function countRelationships({
  database,
}: Dependencies): UnaryHandler<CountRelationshipsRequest, CountRelationshipsResponse> {
  return async (request, { signal }) => {
    const userId = at('user_id', () => parseUuid(request.userId))();
    await checkUser(database.session(signal), userId);
    return db.countRelationships(database.session(signal), userId);
  };
}
