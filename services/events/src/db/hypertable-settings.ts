import type { Interval } from '@tidemark/mikro-orm-timescale';
import { leastHoursOf, type ManagedRollups } from './rollup-settings.ts';

export type TextInterval = Extract<Interval, string>;

/** What each deployment chooses for itself. */
export interface HypertableSettings {
  chunkInterval: Interval;
  /** Undefined: kept for ever. */
  retention: TextInterval | undefined;
  /** After how long a chunk of events is kept in columns; false: by no policy. Absent: left as it is. */
  columnstoreAfter?: TextInterval | false;
  /** How long the rollups by hour are kept; absent: for ever. */
  hourlyRetention?: TextInterval | undefined;
  /** The same of those by day. */
  dailyRetention?: TextInterval | undefined;
}

/** How long each hypertable keeps its chunks; undefined or absent: for ever. */
export type Retentions = { readonly [Name in 'events' | 'batches' | 'corrections']?: TextInterval | undefined };

/** What the migrations set of that on this server; what is absent is left as it is. */
export interface ManagedSettings {
  chunkInterval: Interval;
  retentions?: Retentions;
  /** Of the events; false: they have none. Absent: it is left as it is. */
  columnstore?: false | { after: TextInterval | false };
  rollups?: ManagedRollups;
}

export function retentionsOf({ retention }: HypertableSettings): Retentions {
  return {
    events: retention,
    // So long may a reader of new events be away and still go on without a gap: no longer than the events are kept.
    batches: retention && leastHoursOf(retention) < leastHoursOf(mostOfBatches) ? retention : mostOfBatches,
    // A time is corrected by a day at most, so that what tells a repeated event from a new one outlives the event.
    corrections: retention && aDayLonger(retention),
  };
}

const mostOfBatches = '7 days';

/** PostgreSQL takes no unit twice in one interval. */
function aDayLonger(interval: TextInterval): TextInterval {
  return `${interval} ${interval.includes('day') ? '24 hours' : '1 day'}` as TextInterval;
}

/** The options of a hypertable for its retention. */
export function retentionOption(
  settings: ManagedSettings | undefined,
  name: keyof Retentions,
): { retention?: false | { dropAfter: TextInterval } } {
  if (!settings?.retentions) return {};
  const dropAfter = settings.retentions[name];
  return { retention: dropAfter !== undefined && { dropAfter } };
}
