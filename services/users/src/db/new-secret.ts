import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { KnownAddressEntity } from './known-address-entity.ts';
import { knowAddress } from './know-address.ts';
import { MicrosType } from './micros-type.ts';
import { TokenEntity } from './token-entity.ts';

/** What a user is from now on known by. */
export interface NewSecret {
  readonly userId: string;
  readonly passwordHash: string;
  /** Of the address that it was set from. */
  readonly addressHash: Buffer | undefined;
}

const time = new MicrosType();

/** Sets the password, and ends what rested on the one before: tokens, and addresses that were known. */
export async function setNewSecret(em: EntityManager, secret: NewSecret, now: Micros): Promise<void> {
  const { userId, passwordHash } = secret;
  await em.execute(setting, { userId, passwordHash, now: time.convertToDatabaseValue(now) });
  await em.nativeDelete(TokenEntity, { user: userId });
  await em.nativeDelete(KnownAddressEntity, { user: userId });
  if (secret.addressHash) await knowAddress(em, secret, now);
}

const setting = `
  insert into users.credentials (user_id, password_hash, update_time)
  values (:userId, :passwordHash, :now)
  on conflict (user_id) do update
  set password_hash = excluded.password_hash, update_time = excluded.update_time`;
