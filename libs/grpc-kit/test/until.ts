import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until it is so, for as long as a busy machine may take. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, limitMs = 45_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await sleep(20);
  }
}
