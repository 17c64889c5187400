import type { EntitySchema } from '@mikro-orm/postgresql';
import { eventEntity, type ManagedSettings } from './event-entity.ts';
import { RetentionEntity } from './retention-entity.ts';
import { SettingEntity } from './setting-entity.ts';

/** The whole model. Without settings it is what the migrations make, and what they leave to the deployment is open. */
export function entities(settings?: ManagedSettings): EntitySchema[] {
  return [eventEntity(settings), RetentionEntity, SettingEntity];
}
