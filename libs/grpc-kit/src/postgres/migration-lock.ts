import { setTimeout } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Logger } from '../logger.ts';
import { StartupError } from '../startup-error.ts';
import { lockHolder } from './blockers.ts';
import type { Regime } from './regime.ts';

const pollMs = 250;

/**
 * Waits until no other migration runs, for as long as the session lasts. It asks again and again: a statement that waits
 * on the server would be in the queue for the lock even after this process has ended.
 *
 * @throws StartupError after `waitMs`
 */
export async function takeMigrationLock(client: Client, key: number, { waitMs }: Regime, log: Logger): Promise<void> {
  const began = Date.now();
  let told = false;
  while (!(await isTaken(client, key))) {
    const holder = await lockHolder(client, key);
    if (Date.now() + pollMs - began > waitMs) {
      throw new StartupError(
        `Another one is migrating, and has not ended within ${waitMs} ms (MIGRATION_WAIT_MS): ${holder}. ` +
          'Look whether it is still at work, and migrate again later.',
      );
    }
    if (!told) log.info(`another one is migrating: waiting for ${holder}`);
    told = true;
    await setTimeout(pollMs);
  }
}

async function isTaken(client: Client, key: number): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [key]);
  return rows[0]?.taken ?? false;
}
