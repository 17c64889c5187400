import type { Input } from './input.ts';
import { Malformed } from './parse-access-log.ts';
import { readEntries } from './read-entries.ts';

const dayMs = 86_400_000;

/** The time of the newest event of all files, in milliseconds; undefined where there is none. */
export async function newestTime(
  inputs: readonly Input[],
  onBytes: (count: number) => void,
): Promise<number | undefined> {
  let newest: number | undefined;
  for (const input of inputs) {
    for await (const lines of readEntries(input, onBytes)) {
      for (const { entry } of lines) {
        if (entry === undefined || entry instanceof Malformed) continue;
        if (newest === undefined || entry.timeMs > newest) newest = entry.timeMs;
      }
    }
  }
  return newest;
}

/**
 * By how many milliseconds all times move so that the newest falls on the day. Always whole days of UTC, which all have 24
 * hours: the time of day stays.
 *
 * @param day in days since 1970-01-01
 */
export function shiftTo(day: number, newestMs: number): number {
  return (day - Math.floor(newestMs / dayMs)) * dayMs;
}
