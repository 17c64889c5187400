import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import { LeaderSession, type LeaderSessionOptions } from './leader-session.ts';

export interface LeadingOptions extends LeaderSessionOptions {
  readonly log: Logger;
  /** A warning for when the session breaks or the work fails. */
  readonly warning: string;
  /** Works as long as it is the leader, and calls `onRun` after each run that went well. */
  readonly lead: (session: LeaderSession, onRun: () => void, stopping: AbortSignal) => Promise<never>;
}

export interface Leading {
  /** Lets the statement that runs finish, but not for long. It may be called twice. */
  stop(): Promise<void>;
}

const shortestRetryMs = 1_000;
const longestRetryMs = 60_000;

/** Does what one of all instances is to do: the leader, who holds an advisory lock. */
export function startLeading(options: LeadingOptions): Leading {
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
async function keepGoing(options: LeadingOptions, stopping: AbortSignal): Promise<never> {
  let failures = 0;
  const onRun = (): void => void (failures = 0);
  for (;;) {
    const session = new LeaderSession(options, stopping);
    try {
      await session.open();
      await session.becomeLeader();
      await options.lead(session, onRun, stopping);
    } catch (error) {
      stopping.throwIfAborted();
      options.log.warn({ err: error }, options.warning);
    } finally {
      await session.close();
    }
    await sleep(Math.min(longestRetryMs, shortestRetryMs * 2 ** failures), undefined, { signal: stopping });
    failures += 1;
  }
}
