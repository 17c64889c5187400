import { defineEntity, p } from '@mikro-orm/postgresql';

/** The table events.ingest_warnings: what all instances noticed of the events they took in, counted by the minute. */
export const IngestWarningEntity = defineEntity({
  name: 'IngestWarning',
  schema: 'events',
  tableName: 'ingest_warnings',
  properties: {
    minute: p.datetime().columnType('timestamptz').primary(),
    caller: p.text().primary(),
    kind: p.text().primary(),
    reason: p.text().primary(),
    count: p.bigint(),
    lastTime: p.datetime().columnType('timestamptz'),
    lastMessage: p.text(),
  },
});
