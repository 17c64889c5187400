import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { bloom, hypertable } from '@tidemark/mikro-orm-timescale';
import { retentionOption, type ManagedSettings } from './hypertable-settings.ts';

/**
 * The hypertable events.events, for the migrations: the queries are SQL of their own, beside it.
 *
 * @param settings absent where the migrations are made, which leave them open
 */
export function eventEntity(settings?: ManagedSettings): EntitySchema {
  const EventEntity = defineEntity({
    name: 'Event',
    schema: 'events',
    tableName: 'events',
    properties: {
      // The key serves the range scan as well: no other index is needed.
      time: p.datetime().columnType('timestamptz').primary(),
      id: p.uuid().primary(),
      receivedTime: p.datetime().columnType('timestamptz'),
      page: p.text(),
      userAgent: p.text().nullable(),
      ipAddress: p.text().columnType('inet').nullable(),
      referrer: p.text().nullable(),
      sessionId: p.text().nullable(),
      userId: p.text().nullable(),
      durationUs: p.bigint().nullable(),
      properties: p.json().nullable(),
      isBot: p.boolean().default(false),
      // The time that the client gave, where its clock was off and `time` is corrected.
      originalTime: p.datetime().columnType('timestamptz').nullable(),
      // Which transaction stored it, as in events.batches. Absent in events that are older than that table.
      batchId: p.bigint().nullable(),
    },
    checks: [{ name: 'events_duration_us_check', expression: 'duration_us >= 0' }],
  });
  hypertable(EventEntity, {
    by: 'time',
    ...(settings && { chunkInterval: settings.chunkInterval }),
    ...retentionOption(settings, 'events'),
    ...columnstoreOption(settings),
  });
  return EventEntity;
}

// docs/adr/0016 has the measurements. In any other order than the key's a late duplicate costs seconds: TimescaleDB looks
// for it in every batch that could hold its time.
function columnstoreOption(settings: ManagedSettings | undefined) {
  if (!settings?.columnstore) return settings?.columnstore === false ? { columnstore: false as const } : {};
  return {
    columnstore: {
      segmentBy: [],
      orderBy: { time: 'asc', id: 'asc' } as const,
      sparseIndexes: [bloom('sessionId' as const), bloom('userId' as const)],
      after: settings.columnstore.after,
    },
  };
}
