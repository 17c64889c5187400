import { randomUUID } from 'node:crypto';
import type { EraseUserRequest, EraseUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/erase-user.ts';
import { AtMost } from '../domain/at-most.ts';
import { parseUserId } from '../domain/user-ids.ts';
import type { Dependencies } from './dependencies.ts';

export function eraseUser({ database, clock }: Dependencies): UnaryHandler<EraseUserRequest, EraseUserResponse> {
  // Erasures run one after another: those that wait here keep no connection from other calls.
  const inTurn = new AtMost({ atOnce: 1, maxWaiting: Infinity });
  return async (request, { signal, caller }) => {
    const id = parseUserId(request.id);
    // Of version 4: one of version 7 would tell when.
    const replacement = randomUUID();
    const { etag } = request;
    await inTurn.run(signal, () =>
      db.eraseUser(database.session(signal), { id, etag, replacement, actor: caller, now: clock() }),
    );
    return { replacement };
  };
}
