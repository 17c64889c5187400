import type { EntitySchema } from '@mikro-orm/postgresql';
import { continuousAggregate, count, max, min, sum, type TypedEntity } from '@tidemark/mikro-orm-timescale';
import type { ManagedSettings } from './hypertable-settings.ts';
import type { RollupWidth } from './rollup-settings.ts';

/** What the rollups are made of. */
interface RolledUp {
  time: Date;
  page: string;
  isBot: boolean;
  durationUs?: bigint | null | undefined;
}

/**
 * The continuous aggregates over events.events. Each stands on the events themselves, so that its own invalidations are
 * all that tells where it is behind.
 *
 * @param settings they are there only where a deployment has them, which the Apache edition has not
 */
export function rollupEntities(events: EntitySchema, settings?: ManagedSettings): EntitySchema[] {
  const { rollups } = settings ?? {};
  if (!rollups) return [];
  const source = events as unknown as TypedEntity<RolledUp>;
  return (['hour', 'day'] as const).flatMap((width) => {
    const common = {
      bucket: [`1 ${width}`, 'time'],
      realtime: true,
      chunkInterval: chunkIntervals[width],
      select: {
        count: count(),
        // An exact numeric, so that a mean of it is the mean of the events to the last digit.
        durationSum: sum('durationUs'),
        durationCount: count('durationUs'),
        durationMin: min('durationUs'),
        durationMax: max('durationUs'),
      },
      ...rollups[width],
    } as const;
    return [
      continuousAggregate(`Rollup${width}`, source, {
        ...common,
        viewName: viewNames[width],
        groupBy: ['isBot'],
        indexes: [],
      }),
      continuousAggregate(`PageRollup${width}`, source, {
        ...common,
        viewName: `${viewNames[width]}_pages`,
        groupBy: ['page', 'isBot'],
        // None on the page, which may be longer than an entry of a btree: it would fail the refresh.
        indexes: [],
      }),
    ] as EntitySchema[];
  });
}

const viewNames: Readonly<Record<RollupWidth, string>> = { hour: 'events_hourly', day: 'events_daily' };

// A question for a year meets a dozen chunks or one.
const chunkIntervals = { hour: '30 days', day: '365 days' } as const;
