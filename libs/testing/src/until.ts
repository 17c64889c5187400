import { setTimeout } from 'node:timers/promises';

/**
 * Waits until something is so: by default long enough for a machine that is busy with other tests, and less than a test
 * may take, so that this error is the one that is seen.
 * @param what for the error, such as "the outbox is empty"
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, limitMs = 100_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline)
      throw new Error(`It did not come to be within ${Math.round(limitMs / 1_000)} s that ${what}.`);
    await setTimeout(20);
  }
}
