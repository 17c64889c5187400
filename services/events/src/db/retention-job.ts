import type { Logger } from '@tidemark/grpc-kit';
import { startLeading, type LeaderSession, type Leading } from '@tidemark/grpc-kit/postgres';
import { serviceRole } from './pool.ts';

export interface RetentionJobOptions {
  databaseUrl: string;
  /** From the end of one run to the next. */
  intervalMs: number;
  log: Logger;
}

/** Whoever holds this advisory lock of the database is the one that drops. */
export const retentionLock = 7_204_051_993;

/**
 * Drops the chunks that the retention says are too old, where TimescaleDB has no policy for it. Of all instances of the
 * service one does it, the leader. What it does happens in the session that holds the leader's lock, so that a leader
 * that lost the one can do no more of the other.
 */
export function startRetentionJob({ databaseUrl, intervalMs, log }: RetentionJobOptions): Leading {
  return startLeading({
    databaseUrl,
    role: serviceRole,
    lock: retentionLock,
    applicationName: 'tidemark-events-retention',
    log,
    warning: 'the retention job failed: it will be tried again',
    lead: async (session, onRun) => {
      log.info('leads: this instance drops the chunks that are older than the retention');
      for (;;) {
        await dropOldChunks(session, log);
        onRun();
        await session.aliveFor(intervalMs);
      }
    },
  });
}

async function dropOldChunks(session: LeaderSession, log: Logger): Promise<void> {
  for (;;) {
    const [row] = await session.query<{ chunk: string | null }>('SELECT events.drop_oldest_chunk() AS chunk');
    if (!row?.chunk) return;
    log.info(`dropped ${row.chunk}: it is older than the retention`);
  }
}
