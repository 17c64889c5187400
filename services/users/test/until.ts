import { setTimeout } from 'node:timers/promises';

/**
 * Waits until something is so, long enough for a machine that is busy with other tests.
 * @param what for the error, such as "the outbox is empty"
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`It did not come to be within ${limitMs / 1_000} s that ${what}.`);
    await setTimeout(10);
  }
}

// Below the time that a test has by default, so that this error is the one that is seen.
const limitMs = 50_000;
