import type pg from 'pg';
import { bucketBoundaries, lookBack } from '../domain/bucket-boundaries.ts';
import { maxBuckets, tooManyBuckets, type Bucket, type BucketQuery } from '../domain/bucket-query.ts';
import type { Micros } from '../domain/micros.ts';
import { dimensionSql } from './dimension-sql.ts';
import { Parameters, whereSql } from './filter-sql.ts';
import { measuredOfRow, measuresSql, type MeasureRow } from './measure-sql.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';
import { zoneOffsets } from './zone-offsets.ts';

/** Buckets that hold events, by start; within one start the group with the most events comes first, `other` last. */
export interface BucketResult {
  /** Where each bucket of the range begins, those without events too. */
  readonly starts: readonly Micros[];
  readonly buckets: readonly Bucket[];
}

type Row = MeasureRow & { bucket: number; grouping?: string[] | null; rank?: string | null };

export async function queryBuckets(pool: pg.Pool, signal: AbortSignal, asked: BucketQuery): Promise<BucketResult> {
  const { range, width, timeZone } = asked;
  const offsets = await zoneOffsets(pool, signal, timeZone, { start: lookBack(range, width), end: range.end });
  const starts = bucketBoundaries(range, width, offsets);
  if (starts.length > maxBuckets) throw tooManyBuckets(asked, 1);

  const parameters = new Parameters();
  const statement =
    asked.groupBy.length > 0 ? groupedSql(asked, starts, parameters) : plainSql(asked, starts, parameters);
  const rows = await query<Row>(pool, signal, statement, parameters.values);
  if (rows.length > maxBuckets) throw tooManyBuckets(asked, Math.ceil(rows.length / starts.length));
  return {
    starts,
    buckets: rows.map((row) => ({
      start: startOf(row, starts),
      group: asked.groupBy.length > 0 ? (row.grouping ?? 'other') : [],
      rank: Number(row.rank ?? Infinity),
      measured: measuredOfRow(row, asked.measures),
    })),
  };
}

function startOf({ bucket }: Row, starts: readonly Micros[]): Micros {
  const start = starts[bucket - 1];
  // The first boundary is at or before the range's start, so that no event of the range lies before it.
  if (start === undefined) throw new Error(`bucket ${bucket} has no boundary`);
  return start;
}

// The boundaries carry all that is to know of calendars and time zones, so that the statement only has to look up, by
// binary search, between which two of them an event lies.
function plainSql({ range, filter, measures }: BucketQuery, starts: readonly Micros[], parameters: Parameters): string {
  const boundaries = parameters.add(starts.map(timestamptz));
  return `
    SELECT width_bucket(time, ${boundaries}::timestamptz[]) AS bucket, ${measuresSql(measures)}
    FROM events.events
    WHERE ${whereSql(range, filter, parameters)}
    GROUP BY bucket
    ORDER BY bucket`;
}

/** The groups with the most events are found first; what belongs to none of them has no rank and is `other`. */
function groupedSql(asked: BucketQuery, starts: readonly Micros[], parameters: Parameters): string {
  const boundaries = parameters.add(starts.map(timestamptz));
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
      width_bucket(time, ${boundaries}::timestamptz[]) AS bucket,
      series.grouping,
      series.rank,
      ${measuresSql(asked.measures)}
    FROM events.events
    LEFT JOIN series ON series.grouping = ${grouping}
    WHERE ${where}
    GROUP BY bucket, series.rank, series.grouping
    ORDER BY bucket, series.rank NULLS LAST
    LIMIT ${maxBuckets + 1}`;
}
