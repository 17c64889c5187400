import { PageTokenInvalid, type PageTokens } from '@tidemark/grpc-kit';
import { invalid } from '../domain/invalid-argument.ts';

/**
 * What a stream's cursor holds; undefined for an empty one.
 * @param bound the method and the arguments that the cursor is good for
 */
export function readCursor(tokens: PageTokens, cursor: string, bound: unknown): readonly string[] | undefined {
  try {
    return tokens.read(cursor, bound);
  } catch (error) {
    if (!(error instanceof PageTokenInvalid)) throw error;
    throw invalid(
      'cursor',
      'Not a cursor of this method with these arguments: send it unchanged with the same ones, or leave it empty.',
    );
  }
}
