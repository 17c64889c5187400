import type { ListDeadLettersRequest, ListDeadLettersResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/list-dead-letters.ts';
import { parseDeadLetterList } from '../domain/dead-letters.ts';
import type { Dependencies } from './dependencies.ts';
import { deadLetterMessage, messageKindOf } from './outbox-message.ts';

export function listDeadLetters({
  database,
  pageTokens,
}: Dependencies): UnaryHandler<ListDeadLettersRequest, ListDeadLettersResponse> {
  return async (request, { signal }) => {
    const { list, pageSize } = parseDeadLetterList({ ...request, kind: messageKindOf(request.kind) });
    const bound = { deadLetters: list };
    const after = pageTokens.read(request.pageToken, bound);
    const { deadLetters, more } = await db.listDeadLetters(database.session(signal), list, pageSize, after);
    const last = deadLetters.at(-1);
    return {
      deadLetters: deadLetters.map(deadLetterMessage),
      nextPageToken: last && more ? pageTokens.write([String(last.id)], bound) : '',
    };
  };
}
