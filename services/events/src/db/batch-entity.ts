import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable } from '@tidemark/mikro-orm-timescale';
import { retentionOption, type ManagedSettings } from './hypertable-settings.ts';

/**
 * The hypertable events.batches: a row for each transaction that stored events, numbered in the order of the commits.
 * Who has seen a number has seen all before it, which no column of the events themselves could promise.
 */
export function batchEntity(settings?: ManagedSettings): EntitySchema {
  const BatchEntity = defineEntity({
    name: 'Batch',
    schema: 'events',
    tableName: 'batches',
    properties: {
      number: p.bigint().primary(),
      storedTime: p.datetime().columnType('timestamptz').primary(),
      // As the events name it: the number is known only at the end of the transaction.
      batchId: p.bigint(),
      eventCount: p.integer(),
      // The stretches of time in which its events lie.
      times: p.text().columnType('tstzmultirange'),
    },
  });
  hypertable(BatchEntity, { by: 'storedTime', chunkInterval: '1 day', ...retentionOption(settings, 'batches') });
  return BatchEntity;
}
