import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidemark/grpc-kit';
import { LeaderSession } from '../db/leader-session.ts';

export interface HousekeepingOptions {
  readonly databaseUrl: string;
  /** From the end of one run to the next. */
  readonly intervalMs: number;
  readonly log: Logger;
  /** It harms nothing when two instances do it at once, as for a moment after a leader is cut off. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface Housekeeping {
  /** It may be called twice. */
  stop(): Promise<void>;
}

const shortestRetryMs = 1_000;
const longestRetryMs = 60_000;

/** Does what is to be done from time to time, in one of all instances: the leader, who holds an advisory lock. */
export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const stopping = new AbortController();
  const running = keepGoing(options, stopping.signal).catch(() => undefined);
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Session after session: one that breaks, or whose work fails, is followed by another, until `stopping` is aborted. */
async function keepGoing(options: HousekeepingOptions, stopping: AbortSignal): Promise<never> {
  let failures = 0;
  for (;;) {
    const session = new LeaderSession(options.databaseUrl, stopping);
    try {
      await lead(session, options, stopping, () => (failures = 0));
    } catch (error) {
      stopping.throwIfAborted();
      options.log.warn({ err: error }, 'housekeeping failed: it will be tried again');
    } finally {
      await session.close();
    }
    await sleep(Math.min(longestRetryMs, shortestRetryMs * 2 ** failures), undefined, { signal: stopping });
    failures += 1;
  }
}

/** Waits to be the leader, and works as long as it is. */
async function lead(
  session: LeaderSession,
  { intervalMs, log, run }: HousekeepingOptions,
  stopping: AbortSignal,
  onRun: () => void,
): Promise<never> {
  await session.open();
  await session.becomeLeader();
  log.info('leads: this instance removes what is too old');
  for (;;) {
    await session.aliveWhile(run(AbortSignal.any([stopping, session.lost])));
    onRun();
    await session.aliveFor(intervalMs);
  }
}
