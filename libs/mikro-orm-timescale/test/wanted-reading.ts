import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hash, hypertable } from '../src/index.ts';

/** What several processes bring the same table to. */
export function wantedReading(): EntitySchema {
  const Reading = defineEntity({
    name: 'Reading',
    properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
  });
  hypertable(Reading, {
    by: 'time',
    chunkInterval: '1 day',
    dimensions: [hash('deviceId', 2)],
    columnstore: { segmentBy: ['deviceId'], after: '7 days' },
    retention: { dropAfter: '1 year' },
  });
  return Reading;
}
