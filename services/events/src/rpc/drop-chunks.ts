import type { DropChunksRequest, DropChunksResponse } from '@tidemark/contracts/events';
import { PageTokenInvalid, type PageTokens, type UnaryHandler } from '@tidemark/grpc-kit';
import { chunksWithin } from '../db/chunks.ts';
import { dropChunks as dropStoredChunks } from '../db/drop-chunks.ts';
import { checkHypertable } from '../db/hypertables.ts';
import { checkDroppable, digestOf, PreviewOutdated } from '../domain/drop-preview.ts';
import { invalid } from '../domain/invalid-argument.ts';
import type { Context } from './context.ts';
import { chunkMessage } from './hypertable-message.ts';
import { rangeOf } from './parse-request.ts';

export function dropChunks({ pool, clock, tokens }: Context): UnaryHandler<DropChunksRequest, DropChunksResponse> {
  return async ({ hypertable, range: asked, dropToken }, { signal }) => {
    const range = rangeOf(asked);
    await checkHypertable(pool, signal, hypertable);
    checkDroppable(hypertable);
    const [expireTime, digest] = readToken(tokens, dropToken, ['DropChunks', hypertable, range]);
    if (clock() > Number(expireTime)) throw new PreviewOutdated('expired');
    const chunks = await chunksWithin(pool, signal, hypertable, range);
    if (digestOf(chunks) !== digest) throw new PreviewOutdated('changed');
    if (chunks.length > 0) await dropStoredChunks(pool, signal, range, chunks);
    return { chunks: chunks.map(chunkMessage) };
  };
}

function readToken(tokens: PageTokens, token: string, bound: unknown): readonly string[] {
  const remedy = 'send the drop_token of PreviewDropChunks with the same hypertable and range.';
  try {
    const read = tokens.read(token, bound);
    if (read) return read;
  } catch (error) {
    if (!(error instanceof PageTokenInvalid)) throw error;
    throw invalid('drop_token', `Is not of a preview of this hypertable and range: ${remedy}`);
  }
  throw invalid('drop_token', `Required: ${remedy}`);
}
