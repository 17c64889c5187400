import { setTimeout } from 'node:timers/promises';

// Less than a test may take, so that this error is the one that is seen.
const limitMs = 120_000;

/**
 * Waits until something is so, long enough for a machine that is busy with other tests.
 * @param what for the error, such as "the outbox is empty"
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`It did not come to be within ${limitMs / 1_000} s that ${what}.`);
    await setTimeout(20);
  }
}
