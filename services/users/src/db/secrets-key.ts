import type { EntityManager } from '@mikro-orm/postgresql';
import { SettingEntity } from './setting-entity.ts';

/** The secret under hashes of addresses and what is sealed, the same for all instances of the service. */
export async function secretsKey(em: EntityManager): Promise<Buffer> {
  const { value } = await em.findOneOrFail(SettingEntity, { name: 'secrets_key' });
  return Buffer.from(value);
}
