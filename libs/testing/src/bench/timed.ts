import type { Outcome } from './load.ts';

/** How long `work` takes, without what was left to collect from before. */
export async function timed(count: number, work: () => Promise<unknown>): Promise<Outcome> {
  globalThis.gc?.();
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - begin, cpuMs: (user + system) / 1_000, count };
}
