import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable, type Interval } from '@tidemark/mikro-orm-timescale';

export type TextInterval = Extract<Interval, string>;

/** What each deployment chooses for itself. */
export interface HypertableSettings {
  chunkInterval: Interval;
  /** Undefined: kept for ever. */
  retention: TextInterval | undefined;
}

/** What the migrations set of that on this server; a retention that is absent is left as it is. */
export interface ManagedSettings {
  chunkInterval: Interval;
  retention?: Interval | undefined;
}

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
    },
    checks: [{ name: 'events_duration_us_check', expression: 'duration_us >= 0' }],
  });
  hypertable(EventEntity, { by: 'time', ...(settings && chosen(settings)) });
  return EventEntity;
}

function chosen(settings: ManagedSettings) {
  const { chunkInterval, retention } = settings;
  if (!('retention' in settings)) return { chunkInterval };
  return { chunkInterval, retention: retention !== undefined && { dropAfter: retention } };
}
