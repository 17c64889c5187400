import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@tidemark/grpc-kit';

/** What is done again and again, by every instance. */
export type Chore = (signal: AbortSignal) => Promise<void>;

export interface House {
  /** It may be called twice. */
  stop(): Promise<void>;
}

/** Does chores in intervals until it is stopped. One that fails is done again the next time. */
export function keepHouse(
  chores: Readonly<Record<string, Chore>>,
  { intervalMs, log }: { intervalMs: number; log: Logger },
): House {
  const stopping = new AbortController();
  const { signal } = stopping;
  const done = (async () => {
    while (await passed(intervalMs, signal)) {
      for (const [name, chore] of Object.entries(chores)) {
        await chore(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error, chore: name }, 'a chore failed, and is done again later');
        });
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

/** false: it was stopped meanwhile. */
async function passed(intervalMs: number, signal: AbortSignal): Promise<boolean> {
  // Instances that start together are not to work together.
  const varied = intervalMs * (0.75 + Math.random() / 2);
  await setTimeout(varied, undefined, { signal, ref: false }).catch(() => undefined);
  return !signal.aborted;
}
