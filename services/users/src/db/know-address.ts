import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

/** How long an address is known after the password was right from it last. */
export const addressKnownFor: Micros = 90 * 24 * 3_600 * 1_000_000;
// Not each time that someone signs in.
const refreshAfter: Micros = addressKnownFor / 90;

/** From where a password was right. */
export interface RightFrom {
  readonly userId: string;
  /** Of the password: nothing is noted when the user has another one by now. */
  readonly passwordHash: string;
  /** Absent: there is nothing to remember. */
  readonly addressHash: Buffer | undefined;
}

/** Remembers that the user's password was right from an address. */
export async function knowAddress(em: EntityManager, right: RightFrom, now: Micros): Promise<void> {
  await em.execute(`select ${knowingAddress}`, valuesOfRight(right, now));
}

/** Does nothing without an address. */
export const knowingAddress = `
  users.know_address(:userId::uuid, :passwordHash, :addressHash::bytea, :now::timestamptz, :stale::timestamptz)`;

/** Of `knowingAddress`. */
export function valuesOfRight({ userId, passwordHash, addressHash }: RightFrom, now: Micros): Record<string, unknown> {
  return {
    userId,
    passwordHash,
    addressHash: addressHash ?? null,
    now: time.convertToDatabaseValue(now),
    stale: time.convertToDatabaseValue(now - refreshAfter),
  };
}
