import type { Logger } from '@tidemark/grpc-kit';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { pruneChanges } from '../db/prune-changes.ts';
import { pruneCredentials } from '../db/prune-credentials.ts';
import { purgeUsers } from '../db/purge-users.ts';
import type { Clock } from '../domain/clock.ts';

/** Who the audit names for what the service does by itself. */
const actor = 'tidemark';

interface House {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Removes what is too old: users who were deleted long ago, changes that nobody asks for any more, and what has no meaning
 * any more of attempts and tokens. What fails does not keep the others from being done.
 */
export async function keepHouse(
  database: Database,
  { purgeAfter, changesRetention }: Pick<Config, 'purgeAfter' | 'changesRetention'>,
  house: House,
): Promise<void> {
  const failures: unknown[] = [];
  for (const chore of [
    () => pruneCredentials(database.streamSession(house.signal), house.clock()),
    () => purge(database, purgeAfter, house),
    () => forgetChanges(database, changesRetention, house),
  ]) {
    await chore().catch((error: unknown) => failures.push(error));
    house.signal.throwIfAborted();
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything that is too old could be removed');
}

async function purge(database: Database, after: Config['purgeAfter'], { clock, log, signal }: House): Promise<void> {
  if (after === undefined) return;
  const { purged, kept } = await purgeUsers(database.streamSession(signal), { after, now: clock(), actor }, signal);
  if (purged > 0) log.info(`removed ${purged} users who were deleted over ${after} ago`);
  if (kept > 0) {
    log.info(`kept ${kept} users who were deleted over ${after} ago, for accounts that are open or not all delivered`);
  }
}

async function forgetChanges(
  database: Database,
  retention: Config['changesRetention'],
  { clock, log, signal }: House,
): Promise<void> {
  if (retention === undefined) return;
  const pruned = await pruneChanges(database.streamSession(signal), retention, clock());
  if (pruned > 0) log.info(`removed ${pruned} changes of users that are older than ${retention}`);
}
