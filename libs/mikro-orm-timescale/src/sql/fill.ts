import type { FillMode } from '../query/bucket-options.ts';

/** A value of a bucket that may be missing: because no row fell into the bucket, or because it is null. */
export interface Fillable {
  /** Its column. */
  column: string;
  fill: FillMode;
  /** What `zero` is, and what a bucket without rows has by itself. */
  zero: string;
  empty: string;
}

/**
 * Every bucket for every series, a series being the rows of one group.
 *
 * @param buckets the relation of buckets that have rows: `key`, the groups and the values
 * @param all the relation of all buckets, see BucketKey
 * @param groups the columns of the groups; without any the one series is there without rows as well
 */
export function filledSql(
  buckets: string,
  all: string,
  groups: readonly string[],
  values: readonly Fillable[],
): string {
  const columns = values.map(({ column }) => column);
  const rank = groups.length > 0 ? `dense_rank() over (order by ${groups.join(', ')})` : '1';
  const series = groups.length > 0 ? `select distinct ${list('series', groups)} from ranked` : 'select 1 as series';
  const marks = values.flatMap(({ column, fill }) => marksSql(column, fill));
  return `
    with starts (key, x) as (${all}),
    ranked as (select *, ${rank} as series from ${buckets}),
    series as (${series}),
    every_bucket as (
      select ${list(
        'starts.key',
        'starts.x',
        'series.series',
        groups.map((group) => `series.${group}`),
        columns,
      )}
      from starts cross join series left join ranked on ranked.key = starts.key and ranked.series = series.series
    ),
    marked as (select ${list('*', marks)} from every_bucket)
    select ${list(
      'key',
      groups,
      values.map((value) => `${filledValue(value)} as ${value.column}`),
    )} from marked`;
}

/** Numbers that are the same from one value to before the next, looking forwards and looking back. */
function marksSql(column: string, fill: FillMode): string[] {
  const before = `count(${column}) over (partition by series order by key) as before_${column}`;
  const after = `count(${column}) over (partition by series order by key desc) as after_${column}`;
  return fill === 'linear' ? [before, after] : fill === 'last' ? [before] : [];
}

function filledValue({ column, fill, zero, empty }: Fillable): string {
  if (fill === 'none') return empty === 'null' ? column : `coalesce(${column}, ${empty})`;
  if (fill === 'zero') return `coalesce(${column}, ${zero})`;
  const before = (what: string): string =>
    `first_value(${what}) over (partition by series, before_${column} order by key)`;
  if (fill === 'last') return before(column);
  const after = (what: string): string =>
    `first_value(${what}) over (partition by series, after_${column} order by key desc)`;
  const [value, from, to] = [column, before(column), after(column)].map((each) => `${each}::float8`);
  const [run, distance] = [`(x - ${before('x')})`, `(${after('x')} - ${before('x')})`];
  // There is no distance where the only bucket has no value.
  return `coalesce(${value}, ${from} + (${to} - ${from}) * ${run} / nullif(${distance}, 0))`;
}

function list(...parts: (string | readonly string[])[]): string {
  return parts.flat().join(', ');
}
