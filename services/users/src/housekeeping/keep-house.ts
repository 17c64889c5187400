import type { Logger } from '@tidemark/grpc-kit';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { pruneChanges } from '../db/prune-changes.ts';
import { purgeUsers } from '../db/purge-users.ts';
import type { Clock } from '../domain/clock.ts';

/** Who the audit names for what the service does by itself. */
const actor = 'tidemark';

/** Removes what is too old: users who were deleted long ago, and changes that nobody asks for any more. */
export async function keepHouse(
  database: Database,
  { purgeAfter, changesRetention }: Pick<Config, 'purgeAfter' | 'changesRetention'>,
  { clock, log, signal }: { clock: Clock; log: Logger; signal: AbortSignal },
): Promise<void> {
  if (purgeAfter !== undefined) {
    const { purged, kept } = await purgeUsers(
      database.streamSession(signal),
      { after: purgeAfter, now: clock(), actor },
      signal,
    );
    if (purged > 0) log.info(`removed ${purged} users who were deleted over ${purgeAfter} ago`);
    if (kept > 0) log.info(`kept ${kept} users who were deleted over ${purgeAfter} ago, since they have open accounts`);
  }
  if (changesRetention !== undefined) {
    const pruned = await pruneChanges(database.streamSession(signal), changesRetention, clock());
    if (pruned > 0) log.info(`removed ${pruned} changes of users that are older than ${changesRetention}`);
  }
}
