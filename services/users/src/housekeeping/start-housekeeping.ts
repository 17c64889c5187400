import type { Logger } from '@tidemark/grpc-kit';
import { startLeading } from '@tidemark/grpc-kit/postgres';
import { serviceRole } from '../db/database.ts';

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

/** Does what is to be done from time to time, in one of all instances: the leader. */
export function startHousekeeping({ databaseUrl, intervalMs, log, run }: HousekeepingOptions): Housekeeping {
  return startLeading({
    databaseUrl,
    role: serviceRole,
    lock: 7_204_051_999,
    applicationName: 'tidemark-users-housekeeping',
    log,
    warning: 'housekeeping failed: it will be tried again',
    lead: async (session, onRun, stopping) => {
      log.info('leads: this instance removes what is too old');
      for (;;) {
        await session.aliveWhile(run(AbortSignal.any([stopping, session.lost])));
        onRun();
        await session.aliveFor(intervalMs);
      }
    },
  });
}
