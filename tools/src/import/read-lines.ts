export interface Line {
  /** Its place in its file, from 1. */
  readonly number: number;
  /** Without its end. Undefined: it is over the limit, and its content was thrown away. Valid until the next turn. */
  readonly bytes: Buffer | undefined;
}

/** Far over what a web server writes: they limit a request line and a header to 8 KiB each. */
export const maxLineBytes = 64 * 1_024;

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts bytes into lines, a chunk's worth at a time. It holds on to no more than one chunk and one line of the longest
 * length, however long a line is.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let number = 0;
  let begun = Buffer.alloc(0);
  let tooLong = false;
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const rest = chunk.subarray(start, end);
      lines.push(line((number += 1), tooLong ? undefined : begun.length === 0 ? rest : Buffer.concat([begun, rest])));
      begun = Buffer.alloc(0);
      tooLong = false;
      start = end + 1;
    }
    if (start < chunk.length && !tooLong) {
      tooLong = begun.length + chunk.length - start > maxLineBytes + 1;
      begun = tooLong ? Buffer.alloc(0) : Buffer.concat([begun, chunk.subarray(start)]);
    }
    if (lines.length > 0) yield lines;
  }
  if (tooLong || begun.length > 0) yield [line(number + 1, tooLong ? undefined : begun)];
}

function line(number: number, bytes: Buffer | undefined): Line {
  const content = bytes?.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
  return { number, bytes: content && content.length > maxLineBytes ? undefined : content };
}
