import { defineEntity, p } from '@mikro-orm/postgresql';

/** The table events.dropped_ranges: the stretches of a hypertable that were dropped before the retention would have. */
export const DroppedRangeEntity = defineEntity({
  name: 'DroppedRange',
  schema: 'events',
  tableName: 'dropped_ranges',
  properties: {
    hypertable: p.text().primary(),
    rangeStart: p.datetime().columnType('timestamptz').primary(),
    rangeEnd: p.datetime().columnType('timestamptz').primary(),
    droppedTime: p.datetime().columnType('timestamptz').primary(),
  },
});
