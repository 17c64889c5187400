import { setTimeout as sleep } from 'node:timers/promises';
import { databaseUnavailable } from './database-faults.ts';
import type { Logger } from './logger.ts';

const pauseMs = 500;

/**
 * What `work` answers, which is begun again for as long as the database cannot be reached, at most for `waitMs`: where a
 * database and those who need it are started together. `work` can be done twice without harm.
 */
export async function onceReachable<Answer>(
  work: () => Promise<Answer>,
  { waitMs, log }: { waitMs: number; log: Logger },
): Promise<Answer> {
  const giveUpAt = Date.now() + waitMs;
  for (let told = false; ; told = true) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() + pauseMs > giveUpAt || !databaseUnavailable.match(error)) throw error;
      if (!told) log.info(`the database cannot be reached: waiting for up to ${waitMs} ms`);
      await sleep(pauseMs);
    }
  }
}
