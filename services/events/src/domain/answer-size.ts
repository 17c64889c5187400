import { invalid } from './invalid-argument.ts';

// What clients of gRPC take by default is 4 MiB.
const maxBytes = 3_000_000;

/** Refuses an answer whose texts alone are larger than clients take. */
export function checkAnswerSize(texts: Iterable<string>, field: string): void {
  let bytes = 0;
  for (const text of texts) bytes += Buffer.byteLength(text);
  if (bytes > maxBytes) {
    throw invalid(
      field,
      'The answer would hold over 3 MB of values: ask for fewer, for a shorter range or with a filter.',
    );
  }
}
