import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

/** How long an address is known after the password was right from it last. */
export const addressKnownFor: Micros = 90 * 24 * 3_600 * 1_000_000;
// Not each time that someone signs in.
const refreshAfter: Micros = addressKnownFor / 90;

/** Remembers that the user's password was right from an address. */
export async function knowAddress(em: EntityManager, userId: string, addressHash: Buffer, now: Micros): Promise<void> {
  const values = {
    userId,
    addressHash,
    now: time.convertToDatabaseValue(now),
    stale: time.convertToDatabaseValue(now - refreshAfter),
  };
  await em.execute(statement, values);
}

const statement = `
  insert into users.known_addresses as known (user_id, address_hash, seen_time)
  select id, :addressHash::bytea, :now::timestamptz from users.users where id = :userId
  on conflict (user_id, address_hash) do update
  set seen_time = excluded.seen_time
  where known.seen_time < :stale`;
