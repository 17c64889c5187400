import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';

// TimescaleDB's launcher looks once a minute whether a background worker has become free.
const limitMs = 150_000;

/** What is found as soon as it is as wanted; where it never is, the error shows what was found last. */
export async function until<Found>(
  what: string,
  find: () => Promise<Found>,
  isWanted: (found: Found) => boolean,
): Promise<Found> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await find();
    if (isWanted(found)) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs / 1_000} s, but ${inspect(found)}`);
    await setTimeout(250);
  }
}
