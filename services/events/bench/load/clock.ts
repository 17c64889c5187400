import type { Outcome } from './orders.ts';

/** How long `work` takes, without what was left to collect from before. */
export async function timed(count: number, work: () => Promise<unknown>): Promise<Outcome> {
  globalThis.gc?.();
  const begin = performance.now();
  await work();
  return { ms: performance.now() - begin, count };
}
