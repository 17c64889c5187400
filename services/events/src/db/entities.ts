import type { EntitySchema } from '@mikro-orm/postgresql';
import { eventEntity, type HypertableSettings } from './event-entity.ts';
import { SettingEntity } from './setting-entity.ts';

/** The whole model. Without settings it is what the migrations make, and what they leave to the deployment is open. */
export function entities(settings?: HypertableSettings): EntitySchema[] {
  return [eventEntity(settings), SettingEntity];
}
