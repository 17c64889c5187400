import { isDurationMeasure, type Measure, type Measured } from '../domain/measure.ts';

/** A row with the count and the measures asked for; pg reads a bigint and a numeric as text. */
export type MeasureRow = { count: string } & { [M in Measure]?: string | null };

/** The aggregates for a select list, each under the measure's name. */
export function measuresSql(measures: readonly Measure[]): string {
  return ['count(*) AS count', ...measures.map((measure) => `${aggregateSql(measure)} AS "${measure}"`)].join(', ');
}

/** One aggregate; a duration in whole nanoseconds. */
export function aggregateSql(measure: Measure): string {
  return aggregates[measure];
}

const aggregates: Readonly<Record<Measure, string>> = {
  uniqueSessions: 'count(DISTINCT session_id)',
  uniqueUsers: 'count(DISTINCT user_id)',
  avgDuration: 'round(avg(duration_us) * 1000)::bigint',
  minDuration: 'min(duration_us) * 1000',
  maxDuration: 'max(duration_us) * 1000',
  p50Duration: percentileSql(0.5),
  p95Duration: percentileSql(0.95),
  p99Duration: percentileSql(0.99),
};

/** In double precision, which is exact to the nanosecond up to 104 days. */
function percentileSql(fraction: number): string {
  return `round(percentile_cont(${fraction}) WITHIN GROUP (ORDER BY duration_us) * 1000)::bigint`;
}

export function measuredOfRow(row: MeasureRow, measures: readonly Measure[]): Measured {
  const measured: Measured = { count: Number(row.count) };
  for (const measure of measures) {
    const value = row[measure] ?? null;
    if (isDurationMeasure(measure)) measured[measure] = value === null ? null : BigInt(value);
    else measured[measure] = Number(value);
  }
  return measured;
}
