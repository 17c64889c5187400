import { gunzip } from './gunzip.ts';
import { cannotRead, type Input } from './input.ts';
import { Malformed, parseAccessLog, type AccessLogEntry } from './parse-access-log.ts';
import { maxLineBytes, readLines, type Line } from './read-lines.ts';

export interface ReadLine {
  readonly line: Line;
  /** Undefined: the line is blank. */
  readonly entry: AccessLogEntry | Malformed | undefined;
}

/**
 * The lines of one file with what they say, a chunk's worth at a time; the next chunk is read when they are asked for.
 *
 * @throws ImportFailed where the file cannot be read to its end
 */
export async function* readEntries(input: Input, onBytes: (count: number) => void): AsyncGenerator<ReadLine[]> {
  try {
    for await (const lines of readLines(gunzip(input.open(), onBytes))) {
      yield lines.map((line) => ({ line, entry: entryOf(line) }));
    }
  } catch (error) {
    throw cannotRead(input.name, error);
  }
}

function entryOf({ bytes }: Line): ReadLine['entry'] {
  if (bytes === undefined) return new Malformed(`it is longer than ${maxLineBytes / 1_024} KiB`);
  const text = bytes.toString('latin1');
  return text.trim() === '' ? undefined : parseAccessLog(text);
}
