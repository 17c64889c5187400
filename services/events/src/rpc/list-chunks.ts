import type { ListChunksRequest, ListChunksResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { listChunks as listStoredChunks, placeOf } from '../db/chunks.ts';
import { checkHypertable } from '../db/hypertables.ts';
import { parsePageSize } from '../domain/event-list.ts';
import { parseAll } from '../domain/invalid-argument.ts';
import type { Context } from './context.ts';
import { chunkMessage } from './hypertable-message.ts';
import { rangeOf } from './parse-request.ts';

export function listChunks({ pool, tokens }: Context): UnaryHandler<ListChunksRequest, ListChunksResponse> {
  return async (request, { signal }) => {
    const { range, pageSize } = parseAll({
      range: () => request.range && rangeOf(request.range),
      pageSize: () => parsePageSize(request.pageSize),
    });
    const { hypertable } = request;
    const bound = ['ListChunks', hypertable, range];
    const [after] = tokens.read(request.pageToken, bound) ?? [];
    await checkHypertable(pool, signal, hypertable);
    const { chunks, more } = await listStoredChunks(pool, signal, { hypertable, range, pageSize, after });
    const last = chunks.at(-1);
    return {
      chunks: chunks.map(chunkMessage),
      nextPageToken: last && more ? tokens.write([placeOf(last)], bound) : '',
    };
  };
}
