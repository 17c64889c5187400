import type { BucketQuery } from '../domain/bucket-query.ts';
import { maxBuckets } from '../domain/bucket-query.ts';
import type { Measure } from '../domain/measure.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { BucketKey } from './bucket-key.ts';
import { whereSql, type Parameters } from './filter-sql.ts';
import { timestamptz } from './timestamptz.ts';

/** Rows of a relation that lie in these parts of the range. */
export interface Part {
  /** The hypertable of a rollup; undefined: the events themselves. */
  readonly relation: string | undefined;
  readonly ranges: readonly TimeRange[];
  /** Where a refresh of the rollup is to look. */
  readonly dirty: readonly TimeRange[];
}

/** The first row of an answer. */
export interface ContextRow {
  readonly states: string | null;
  readonly rolled_up: string | null;
}

export interface AnswerQuestion {
  readonly asked: BucketQuery;
  readonly parts: readonly Part[];
  readonly key: BucketKey;
  readonly parameters: Parameters;
  /** The statements for what `ContextRow` has; undefined: nothing. */
  readonly context: { readonly states: string; readonly rolledUp: string | undefined };
}

/** One statement, and so of one snapshot: a row of context, then the buckets of all parts. */
export function answerSql(question: AnswerQuestion): string {
  const { asked, context } = question;
  const measures = ['count', ...asked.measures.map((measure) => `"${measure}"`)];
  const columns = ['bucket', ...(asked.groupBy.length > 0 ? ['grouping', 'rank'] : []), ...measures];
  return `
  SELECT (${context.states}
  ) AS states, ${context.rolledUp === undefined ? 'NULL' : `(${context.rolledUp})`} AS rolled_up,
    ${columns.map((column) => `NULL AS ${column}`).join(', ')}
  UNION ALL
  SELECT NULL, NULL, ${columns.join(', ')}
  FROM (${bucketsSql(question)}
  ) AS answer
  ORDER BY bucket NULLS FIRST${asked.groupBy.length > 0 ? ', rank NULLS LAST' : ''}`;
}

/** In any order. */
function bucketsSql({ asked, parts, key, parameters }: AnswerQuestion): string {
  const grouped = asked.groupBy.length > 0;
  const counted = parts.flatMap(({ relation, ranges }) =>
    chunked(ranges).map((each) => partSql(asked, relation, each, key, parameters)),
  ).join(`
      UNION ALL`);
  const measures = [
    'sum(count)::bigint AS count',
    ...asked.measures.map((each) => `${totals[each as Rolled]} AS "${each}"`),
  ];
  if (!grouped) {
    return `
    SELECT bucket, ${measures.join(', ')}
    FROM (${counted}
    ) AS counted
    GROUP BY bucket`;
  }
  const grouping = `ARRAY[${asked.groupBy.map(() => 'page').join(', ')}]`;
  return `
    WITH counted AS MATERIALIZED (${counted}
    ), series AS (
      SELECT ${grouping} AS grouping, row_number() OVER (ORDER BY sum(count) DESC, ${grouping} COLLATE "C") AS rank
      FROM counted
      GROUP BY 1
      ORDER BY rank
      LIMIT ${parameters.add(asked.seriesLimit)}
    )
    SELECT bucket, series.grouping, series.rank, ${measures.join(', ')}
    FROM counted
    LEFT JOIN series ON series.grouping = ${grouping}
    GROUP BY bucket, series.rank, series.grouping
    LIMIT ${maxBuckets + 1}`;
}

type Rolled = Extract<Measure, 'avgDuration' | 'minDuration' | 'maxDuration'>;

// The mean divides the same two numbers as avg() does.
const totals: Readonly<Record<Rolled, string>> = {
  avgDuration: 'round(sum(duration_sum) / nullif(sum(duration_count), 0) * 1000)::bigint',
  minDuration: 'min(duration_min) * 1000',
  maxDuration: 'max(duration_max) * 1000',
};

/** A range each, for which chunks are left out best; where that would be many, all in one. */
function chunked(ranges: readonly TimeRange[]): TimeRange[][] {
  return ranges.length > 8 ? [[...ranges]] : ranges.map((range) => [range]);
}

function partSql(
  { filter, groupBy, measures }: BucketQuery,
  relation: string | undefined,
  ranges: readonly TimeRange[],
  key: BucketKey,
  parameters: Parameters,
): string {
  const whole = { start: ranges[0]?.start ?? 0, end: ranges.at(-1)?.end ?? 0 };
  const where = [whereSql(whole, filter, parameters), ...(ranges.length > 1 ? [anyOf(ranges, parameters)] : [])];
  const columns = relation === undefined ? ofEvents : ofBuckets;
  const durations = measures.length > 0 ? `, ${columns.durations}` : '';
  return `
      SELECT ${key.selected} AS bucket, ${groupBy.length > 0 ? 'page, ' : ''}${columns.count}${durations}
      FROM ${relation === undefined ? 'events.events' : `(SELECT bucket AS time, * FROM ${relation}) AS rollup`}
      WHERE ${where.join(' AND ')}
      GROUP BY 1${groupBy.length > 0 ? ', 2' : ''}`;
}

const ofEvents = {
  count: 'count(*) AS count',
  durations:
    'sum(duration_us) AS duration_sum, count(duration_us) AS duration_count, ' +
    'min(duration_us) AS duration_min, max(duration_us) AS duration_max',
};
const ofBuckets = {
  count: 'sum(count)::bigint AS count',
  durations:
    'sum(duration_sum) AS duration_sum, sum(duration_count)::bigint AS duration_count, ' +
    'min(duration_min) AS duration_min, max(duration_max) AS duration_max',
};

function anyOf(ranges: readonly TimeRange[], parameters: Parameters): string {
  const bound = (time: number): string => `${parameters.add(timestamptz(time))}::timestamptz`;
  return `(${ranges.map(({ start, end }) => `time >= ${bound(start)} AND time < ${bound(end)}`).join(' OR ')})`;
}
