import type { Timestamp } from '@tidemark/contracts';
import {
  Dimension as DimensionField,
  Fill,
  Measure as MeasureName,
  TimeUnit as TimeUnitName,
  type EventFilter as EventFilterMessage,
  type QueryBucketsRequest,
  type TimeRange as TimeRangeMessage,
  type TopValuesRequest,
} from '@tidemark/contracts/events';
import { microsOfTimestamp } from '@tidemark/grpc-kit';
import { BucketQuery, type Fill as BucketFill, parseGroupBy, parseSeriesLimit } from '../domain/bucket-query.ts';
import { BucketWidth, type TimeUnit } from '../domain/bucket-width.ts';
import { Dimension } from '../domain/dimension.ts';
import { EventFilter } from '../domain/event-filter.ts';
import { invalid, parseAll } from '../domain/invalid-argument.ts';
import type { Measure } from '../domain/measure.ts';
import type { Micros } from '../domain/micros.ts';
import { TimeRange } from '../domain/time-range.ts';
import { parseTimeZone } from '../domain/time-zone.ts';
import { parseLimit, type TopQuery } from '../domain/top-query.ts';
import { wellFormed } from './well-formed.ts';

export function timeOf(field: string, timestamp: Timestamp | undefined): Micros | undefined {
  const time = timestamp && wellFormed(microsOfTimestamp, timestamp);
  if (time === null) throw invalid(field, 'Is malformed: nanos must be from 0 to 999,999,999.');
  return time;
}

export function rangeOf(range: TimeRangeMessage | undefined): TimeRange {
  return TimeRange.parse(
    parseAll({
      start: () => timeOf('range.start', range?.start),
      end: () => timeOf('range.end', range?.end),
    }),
  );
}

export function filterOf(filter: EventFilterMessage | undefined): EventFilter {
  if (!filter) return EventFilter.parse({});
  const { pageCondition, ...conditions } = filter;
  return EventFilter.parse({ ...conditions, ...(pageCondition && { [pageCondition.$case]: pageCondition.value }) });
}

export function bucketQueryOf(request: QueryBucketsRequest): BucketQuery {
  return BucketQuery.parse(
    parseAll({
      range: () => rangeOf(request.range),
      width: () => widthOf(request.width),
      timeZone: () => parseTimeZone(request.timeZone),
      filter: () => filterOf(request.filter),
      groupBy: () => parseGroupBy(request.groupBy.map(({ by }, index) => dimensionOf(by, `group_by[${index}]`))),
      measures: () => request.measures.flatMap((measure, index) => measureOf(measure, `measures[${index}]`) ?? []),
      fill: () => bucketFillOf(request.fill),
      seriesLimit: () => parseSeriesLimit(request.seriesLimit),
    }),
  );
}

export function topQueryOf(request: TopValuesRequest): TopQuery {
  return parseAll({
    range: () => rangeOf(request.range),
    dimension: () => dimensionOf(request.by, 'dimension'),
    measure: () => (request.measure === MeasureName.UNSPECIFIED ? undefined : measureOf(request.measure, 'measure')),
    filter: () => filterOf(request.filter),
    limit: () => parseLimit(request.limit),
  });
}

export function widthOf(width: QueryBucketsRequest['width']): BucketWidth {
  return BucketWidth.parse({ count: width?.count ?? 0, unit: timeUnits[width?.unit ?? TimeUnitName.UNSPECIFIED] });
}

const timeUnits: Readonly<Record<number, TimeUnit>> = {
  [TimeUnitName.SECOND]: 'second',
  [TimeUnitName.MINUTE]: 'minute',
  [TimeUnitName.HOUR]: 'hour',
  [TimeUnitName.DAY]: 'day',
  [TimeUnitName.WEEK]: 'week',
  [TimeUnitName.MONTH]: 'month',
  [TimeUnitName.QUARTER]: 'quarter',
  [TimeUnitName.YEAR]: 'year',
};

function dimensionOf(by: TopValuesRequest['by'], path: string): Dimension {
  if (by?.$case === 'property') return Dimension.parse({ property: by.value }, path);
  return Dimension.parse({ field: by && dimensionFields[by.value] }, path);
}

const dimensionFields: Readonly<Record<number, 'page' | 'referrer' | 'userAgent' | 'session' | 'user'>> = {
  [DimensionField.PAGE]: 'page',
  [DimensionField.REFERRER]: 'referrer',
  [DimensionField.USER_AGENT]: 'userAgent',
  [DimensionField.SESSION]: 'session',
  [DimensionField.USER]: 'user',
};

/** Undefined is the count, which is always answered. */
function measureOf(measure: MeasureName, path: string): Measure | undefined {
  if (measure === MeasureName.COUNT) return undefined;
  const known = measures[measure];
  if (!known) throw invalid(path, 'Must be a measure such as MEASURE_UNIQUE_SESSIONS.');
  return known;
}

const measures: Readonly<Record<number, Measure>> = {
  [MeasureName.UNIQUE_SESSIONS]: 'uniqueSessions',
  [MeasureName.UNIQUE_USERS]: 'uniqueUsers',
  [MeasureName.AVG_DURATION]: 'avgDuration',
  [MeasureName.MIN_DURATION]: 'minDuration',
  [MeasureName.MAX_DURATION]: 'maxDuration',
  [MeasureName.P50_DURATION]: 'p50Duration',
  [MeasureName.P95_DURATION]: 'p95Duration',
  [MeasureName.P99_DURATION]: 'p99Duration',
};

function bucketFillOf(given: Fill): BucketFill {
  if (given === Fill.LAST) return 'last';
  if (given === Fill.LINEAR) return 'linear';
  return fillOf(given, 'Must be FILL_NONE, FILL_ZERO, FILL_LAST or FILL_LINEAR.');
}

/** Where there is nothing to repeat or to interpolate. */
export function fillOf(given: Fill, remedy = 'Must be FILL_NONE or FILL_ZERO.'): 'none' | 'zero' {
  if (given === Fill.ZERO) return 'zero';
  if (given === Fill.NONE || given === Fill.UNSPECIFIED) return 'none';
  throw invalid('fill', remedy);
}
