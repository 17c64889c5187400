import { readInteger, type Environment } from '../environment.ts';

/** How migrations get along with those who use the database meanwhile. */
export interface Regime {
  /** How long one statement waits for a lock: whoever comes later waits behind it. */
  readonly lockTimeoutMs: number;
  /** How long to go on trying for a lock, or for another migration to end. */
  readonly waitMs: number;
}

export const standardRegime: Regime = { lockTimeoutMs: 2_000, waitMs: 300_000 };

export function readRegime(env: Environment): Regime {
  const { lockTimeoutMs, waitMs } = standardRegime;
  return {
    lockTimeoutMs: readInteger(env, 'MIGRATION_LOCK_TIMEOUT_MS', { byDefault: lockTimeoutMs, min: 10, max: 600_000 }),
    waitMs: readInteger(env, 'MIGRATION_WAIT_MS', { byDefault: waitMs, min: 0, max: 86_400_000 }),
  };
}
