import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable } from '@tidemark/mikro-orm-timescale';
import { retentionOption, type ManagedSettings } from './hypertable-settings.ts';

/**
 * The hypertable events.corrections: the time that an event got in place of the one its client gave, so that the same
 * event, sent again at another moment, gets it again.
 */
export function correctionEntity(settings?: ManagedSettings): EntitySchema {
  const CorrectionEntity = defineEntity({
    name: 'Correction',
    schema: 'events',
    tableName: 'corrections',
    properties: {
      originalTime: p.datetime().columnType('timestamptz').primary(),
      id: p.uuid().primary(),
      time: p.datetime().columnType('timestamptz'),
    },
  });
  hypertable(CorrectionEntity, {
    by: 'originalTime',
    chunkInterval: '7 days',
    ...retentionOption(settings, 'corrections'),
  });
  return CorrectionEntity;
}
