import type { EntityManager } from '@mikro-orm/postgresql';
import { SettingEntity } from './setting-entity.ts';

/** The secret under page tokens, the same for all instances of the service. */
export async function pageTokenKey(em: EntityManager): Promise<Buffer> {
  const { value } = await em.findOneOrFail(SettingEntity, { name: 'page_token_key' });
  return Buffer.from(value);
}
