import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidemark/grpc-kit';
import type { Database } from '../db/database.ts';
import { hashCosts } from '../db/hash-costs.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Housekeeping } from './start-housekeeping.ts';

const intervalMs = 10 * 60_000;

/** Every instance looks by itself at which costs the hashes have, since each works for those who have none. */
export function followHashCosts(database: Database, passwords: PasswordHasher, log: Logger): Housekeeping {
  const stopping = new AbortController();
  const { signal } = stopping;
  const following = (async () => {
    while (await passed(signal)) {
      await hashCosts(database.session(signal))
        .then((shares) => passwords.resemble(shares))
        .catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error }, 'the costs of hashes cannot be read: they will be later');
        });
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return following;
    },
  };
}

/** false: it was stopped meanwhile. */
async function passed(signal: AbortSignal): Promise<boolean> {
  await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
  return !signal.aborted;
}
