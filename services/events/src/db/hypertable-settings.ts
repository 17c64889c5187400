import type { Interval } from '@tidemark/mikro-orm-timescale';

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
  retention?: TextInterval | undefined;
}

/** How long a reader of new events may be away and still go on without a gap. */
const batchRetention = '7 days';

/** How long each hypertable keeps its chunks; undefined: for ever. One that is not named is none of the deployment's. */
export function retentionsOf(retention: TextInterval | undefined) {
  return {
    events: retention,
    batches: batchRetention,
    // A time is corrected by a day at most, so that what tells a repeated event from a new one outlives the event.
    corrections: retention && (`${retention} 1 day` as TextInterval),
  } satisfies Record<string, TextInterval | undefined>;
}

/** The options of a hypertable for its retention, where the server has a policy for it. */
export function retentionOption(settings: ManagedSettings | undefined, name: keyof ReturnType<typeof retentionsOf>) {
  if (!settings || !('retention' in settings)) return {};
  const dropAfter = retentionsOf(settings.retention)[name];
  return { retention: dropAfter !== undefined && { dropAfter } };
}
