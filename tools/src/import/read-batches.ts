import type { Event } from '@tidemark/contracts/events';
import { eventOfLine } from './event-of-line.ts';
import type { Input } from './input.ts';
import { Malformed } from './parse-access-log.ts';
import { readEntries } from './read-entries.ts';

/** Events of one file that are sent together. */
export interface Batch {
  readonly file: string;
  readonly events: readonly Event[];
  /** The line of each event. */
  readonly lineNumbers: readonly number[];
}

export interface ReadObserver {
  onBytes(count: number): void;
  onLines(count: number): void;
  onMalformed(file: string, line: number, reason: string): void;
}

const maxEvents = 1_000;
// The service takes requests of up to 8 MiB, and bytes that are no UTF-8 become three times as many.
const maxBytes = 2 * 1_024 * 1_024;

export async function* readBatches(
  input: Input,
  { source, shiftMs }: { source: string; shiftMs: number },
  observer: ReadObserver,
): AsyncGenerator<Batch> {
  let events: Event[] = [];
  let lineNumbers: number[] = [];
  let bytes = 0;
  const take = (): Batch => {
    const batch = { file: input.name, events, lineNumbers };
    [events, lineNumbers, bytes] = [[], [], 0];
    return batch;
  };
  for await (const lines of readEntries(input, (count) => observer.onBytes(count))) {
    observer.onLines(lines.length);
    for (const { line, entry } of lines) {
      if (entry instanceof Malformed) observer.onMalformed(input.name, line.number, entry.reason);
      if (entry === undefined || entry instanceof Malformed || line.bytes === undefined) continue;
      if (events.length === maxEvents || bytes + line.bytes.length > maxBytes) yield take();
      events.push(eventOfLine({ number: line.number, bytes: line.bytes, entry, source, shiftMs }));
      lineNumbers.push(line.number);
      bytes += line.bytes.length;
    }
  }
  if (events.length > 0) yield take();
}
