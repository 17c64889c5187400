import type { EntitySchema } from '@mikro-orm/postgresql';
import { batchEntity } from './batch-entity.ts';
import { correctionEntity } from './correction-entity.ts';
import { DroppedRangeEntity } from './dropped-range-entity.ts';
import { eventEntity } from './event-entity.ts';
import type { ManagedSettings } from './hypertable-settings.ts';
import { IngestWarningEntity } from './ingest-warning-entity.ts';
import { rollupEntities } from './rollup-entities.ts';
import { RetentionEntity } from './retention-entity.ts';
import { SettingEntity } from './setting-entity.ts';
import { transactionEntity } from './transaction-entity.ts';

/** The whole model. Without settings it is what the migrations make, and what they leave to the deployment is open. */
export function entities(settings?: ManagedSettings): EntitySchema[] {
  const events = eventEntity(settings);
  return [
    events,
    ...rollupEntities(events, settings),
    batchEntity(settings),
    correctionEntity(settings),
    transactionEntity(),
    DroppedRangeEntity,
    IngestWarningEntity,
    RetentionEntity,
    SettingEntity,
  ];
}
