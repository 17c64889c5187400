import type pg from 'pg';
import { bucketBoundaries, lookBack } from '../domain/bucket-boundaries.ts';
import { maxBuckets, tooManyBuckets, type Bucket, type BucketQuery } from '../domain/bucket-query.ts';
import type { Micros } from '../domain/micros.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { bucketKey, type BucketKey } from './bucket-key.ts';
import { dimensionSql } from './dimension-sql.ts';
import { Parameters, whereSql } from './filter-sql.ts';
import { measuredOfRow, measuresSql } from './measure-sql.ts';
import { coveredByEvents, queryRollups, type Answer, type BucketRow, type Store } from './query-rollups.ts';
import { query } from './query.ts';
import { zoneOffsets } from './zone-offsets.ts';

/** Buckets that hold events, by start; within one start the group with the most events comes first, `other` last. */
export interface BucketResult {
  /** Where each bucket of the range begins, those without events too. */
  readonly starts: readonly Micros[];
  readonly buckets: readonly Bucket[];
  /** The rollups that took part; none: the events themselves were counted. */
  readonly rollups: readonly string[];
  /** The part of the range that the answer stands on. */
  readonly covered: TimeRange | undefined;
}

export async function queryBuckets(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: BucketQuery,
  store: Store,
): Promise<BucketResult> {
  const { range, width, timeZone } = asked;
  const offsets = await zoneOffsets(pool, signal, timeZone, { start: lookBack(range, width), end: range.end });
  const starts = bucketBoundaries(range, width, offsets);
  if (starts.length > maxBuckets) throw tooManyBuckets(asked, 1);

  const answer =
    (await queryRollups(pool, signal, asked, starts, store)) ?? (await queryEvents(pool, signal, asked, starts, store));
  const { rows, key } = answer;
  if (rows.length > maxBuckets) throw tooManyBuckets(asked, new Set(rows.map(({ rank }) => rank)).size);
  return {
    starts,
    buckets: rows.map((row) => ({
      start: key.startOf(row),
      group: asked.groupBy.length > 0 ? (row.grouping ?? 'other') : [],
      rank: Number(row.rank ?? Infinity),
      measured: measuredOfRow(row, asked.measures),
    })),
    rollups: answer.rollups,
    covered: answer.covered,
  };
}

async function queryEvents(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: BucketQuery,
  starts: readonly Micros[],
  { oldestKept }: Store,
): Promise<Answer> {
  const parameters = new Parameters();
  const key = bucketKey(starts, asked.range.end, parameters);
  const statement = asked.groupBy.length > 0 ? groupedSql(asked, key, parameters) : plainSql(asked, key, parameters);
  const rows = await query<BucketRow>(pool, signal, statement, parameters.values);
  // Afterwards: what is dropped meanwhile may be counted and not covered, and never the other way round.
  const covered = await coveredByEvents(pool, signal, asked.range, oldestKept);
  return { rows, key, rollups: [], covered };
}

function plainSql({ range, filter, measures }: BucketQuery, key: BucketKey, parameters: Parameters): string {
  return `
    SELECT ${key.selected} AS bucket, ${measuresSql(measures)}
    FROM events.events
    WHERE ${whereSql(range, filter, parameters)}
    GROUP BY ${key.sql}
    ORDER BY ${key.sql}`;
}

/** The groups with the most events are found first; what belongs to none of them has no rank and is `other`. */
function groupedSql(asked: BucketQuery, key: BucketKey, parameters: Parameters): string {
  const grouping = `ARRAY[${asked.groupBy.map((dimension) => dimensionSql(dimension, parameters)).join(', ')}]`;
  const where = whereSql(asked.range, asked.filter, parameters);
  return `
    WITH series AS (
      SELECT ${grouping} AS grouping, row_number() OVER (ORDER BY count(*) DESC, ${grouping} COLLATE "C") AS rank
      FROM events.events
      WHERE ${where}
      GROUP BY 1
      ORDER BY rank
      LIMIT ${parameters.add(asked.seriesLimit)}
    )
    SELECT
      ${key.selected} AS bucket,
      series.grouping,
      series.rank,
      ${measuresSql(asked.measures)}
    FROM events.events
    LEFT JOIN series ON series.grouping = ${grouping}
    WHERE ${where}
    GROUP BY ${key.sql}, series.rank, series.grouping
    ORDER BY ${key.sql}, series.rank NULLS LAST
    LIMIT ${maxBuckets + 1}`;
}
