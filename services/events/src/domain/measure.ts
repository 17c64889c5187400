export type CountMeasure = 'uniqueSessions' | 'uniqueUsers';

export type DurationMeasure =
  'avgDuration' | 'minDuration' | 'maxDuration' | 'p50Duration' | 'p95Duration' | 'p99Duration';

/** What can be asked for beside the count. */
export type Measure = CountMeasure | DurationMeasure;

export function isDurationMeasure(measure: Measure): measure is DurationMeasure {
  return measure.endsWith('Duration');
}

/** The count and what was asked for. A duration is in nanoseconds; null where no event has one. */
export type Measured = { count: number } & { [M in CountMeasure]?: number } & {
  [M in DurationMeasure]?: bigint | null;
};

/** The measures of no events at all. */
export function measuredNothing(measures: readonly Measure[]): Measured {
  const nothing: Measured = { count: 0 };
  for (const measure of measures) {
    if (isDurationMeasure(measure)) nothing[measure] = null;
    else nothing[measure] = 0;
  }
  return nothing;
}
