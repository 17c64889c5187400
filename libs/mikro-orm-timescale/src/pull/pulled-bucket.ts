import { integerOf, parseBucket } from '../catalog/parse-bucket.ts';
import { unquoted } from '../catalog/parse-query.ts';
import type { AggregateBucket } from '../definition/aggregate-options.ts';
import type { Width } from '../definition/options.ts';
import { formatInterval, parseInterval } from '../interval.ts';
import type { AggregateQuery } from '../state/aggregate-state.ts';
import type { CanonicalWidth } from '../state/hypertable-state.ts';
import { Unspeakable } from './policy-source.ts';
import type { PulledEntity } from './pulled-entities.ts';

/**
 * The option `bucket` for a call of `time_bucket`, and the same for a query.
 *
 * @throws Unspeakable
 */
export function bucketOf(
  sql: string,
  { properties, timeType, name }: PulledEntity,
): { column: string; options: AggregateBucket; query: Omit<AggregateQuery['bucket'], 'column' | 'as'> } {
  const parsed = parseBucket(sql);
  const column = unquoted(parsed?.column ?? '');
  const by = properties.get(column);
  if (!parsed || by === undefined) throw new Unspeakable(`${name} has no property for ${parsed?.column ?? sql}`);
  const width = widthOf(parsed.width);
  const more = {
    ...(parsed.timeZone !== undefined && { timeZone: textOf(parsed.timeZone) }),
    ...(parsed.offset !== undefined && { offset: widthOf(parsed.offset) }),
  };
  const origin = parsed.origin === undefined ? undefined : originOf(textOf(parsed.origin), timeType);
  const spelledOrigin = origin instanceof Date ? origin.toISOString() : origin;
  return {
    column,
    options: {
      by,
      width: width as Width,
      ...(more as Pick<AggregateBucket, 'timeZone' | 'offset'>),
      ...(origin !== undefined && { origin }),
    },
    query: { type: timeType, width, ...more, ...(spelledOrigin !== undefined && { origin: spelledOrigin }) },
  };
}

/** Of a literal such as `'01:00:00'::interval`, `'10'::smallint` or `10`. */
function widthOf(sql: string): CanonicalWidth {
  const number = integerOf(sql);
  if (number !== undefined) return number;
  const interval = /::interval$/.test(sql) ? parseInterval(textOf(sql)) : undefined;
  if (interval) return formatInterval(interval);
  throw new Unspeakable(`its bucket has ${sql}, which is no width above zero`);
}

/** An instant where the column has a time zone. */
function originOf(text: string, timeType: string): Date | string {
  if (!timeType.startsWith('timestamptz')) return text;
  const origin = new Date(text);
  if (!Number.isNaN(origin.getTime())) return origin;
  throw new Unspeakable(`its bucket has the origin ${text}, which is no Date`);
}

function textOf(sql: string): string {
  const [, text] = /^'((?:[^']|'')*)'::[a-z ]+$/.exec(sql) ?? [];
  if (text !== undefined) return text.replaceAll(`''`, `'`);
  throw new Unspeakable(`its bucket has ${sql}, which is no literal`);
}
