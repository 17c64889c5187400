import type { PreviewDropChunksRequest, PreviewDropChunksResponse } from '@tidemark/contracts/events';
import { timestampOf, type UnaryHandler } from '@tidemark/grpc-kit';
import { chunksWithin, countEvents } from '../db/chunks.ts';
import { checkHypertable } from '../db/hypertables.ts';
import { checkDroppable, digestOf, previewLifetime } from '../domain/drop-preview.ts';
import type { Context } from './context.ts';
import { chunkMessage } from './hypertable-message.ts';
import { rangeOf } from './parse-request.ts';

export function previewDropChunks({
  pool,
  clock,
  tokens,
}: Context): UnaryHandler<PreviewDropChunksRequest, PreviewDropChunksResponse> {
  return async ({ hypertable, range: asked }, { signal }) => {
    const range = rangeOf(asked);
    await checkHypertable(pool, signal, hypertable);
    checkDroppable(hypertable);
    const chunks = await chunksWithin(pool, signal, hypertable, range);
    const expireTime = clock() + previewLifetime;
    return {
      chunks: chunks.map(chunkMessage),
      rowCount: await countEvents(pool, signal, chunks),
      totalBytes: chunks.reduce((sum, { totalBytes }) => sum + BigInt(totalBytes), 0n),
      dropToken: tokens.write([String(expireTime), digestOf(chunks)], ['DropChunks', hypertable, range]),
      expireTime: timestampOf(expireTime),
    };
  };
}
