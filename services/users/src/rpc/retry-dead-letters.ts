import type { RetryDeadLettersRequest, RetryDeadLettersResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/retry-dead-letters.ts';
import { parseRetry } from '../domain/dead-letters.ts';
import type { Dependencies } from './dependencies.ts';
import { messageKindOf } from './outbox-message.ts';

export function retryDeadLetters({
  database,
}: Dependencies): UnaryHandler<RetryDeadLettersRequest, RetryDeadLettersResponse> {
  return async ({ ids, kind }, { signal }) => {
    const retry = parseRetry({ ids, kind: messageKindOf(kind) });
    return { retriedCount: BigInt(await db.retryDeadLetters(database.session(signal), retry)) };
  };
}
