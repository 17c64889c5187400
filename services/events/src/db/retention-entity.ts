import { defineEntity, p } from '@mikro-orm/postgresql';

/**
 * The table events.retentions: how long the chunks of a hypertable are kept, where the edition of TimescaleDB has no
 * policy for it and a job of the service drops them.
 */
export const RetentionEntity = defineEntity({
  name: 'Retention',
  schema: 'events',
  tableName: 'retentions',
  properties: {
    hypertable: p.text().primary(),
    dropAfter: p.text().columnType('interval'),
  },
});
