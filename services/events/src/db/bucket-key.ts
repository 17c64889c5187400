import type { Micros } from '../domain/micros.ts';
import type { Parameters } from './filter-sql.ts';
import { timestamptz } from './timestamptz.ts';

/** What events are grouped by to be counted in buckets. */
export interface BucketKey {
  /** The bucket of an event's `time`. */
  readonly sql: string;
  /** In the select list: what `startOf` takes. */
  readonly selected: string;
  /** Where the bucket of a row begins. */
  startOf(row: { bucket: string | number }): Micros;
}

/**
 * Between which two boundaries an event lies. They carry all that is to know of calendars and time zones.
 *
 * Where they lie equally far apart, which is where no clock changes and for hours nearly always, arithmetic finds the
 * bucket. Else a binary search does, which takes 1.4 times as long for hours of a million events.
 * @param starts of the buckets, ascending, the first at or before every event
 * @param end after every event: the last bucket can be longer than the others
 */
export function bucketKey(starts: readonly Micros[], end: Micros, parameters: Parameters): BucketKey {
  return equallyLong(starts, end) ? arithmetic(starts, end, parameters) : search(starts, parameters);
}

function equallyLong(starts: readonly Micros[], end: Micros): boolean {
  const [first = 0, second = Infinity] = starts;
  const length = second - first;
  return starts.every((start, place) => {
    const next = starts[place + 1];
    return next === undefined ? end - start <= length : next - start === length;
  });
}

// Unlike date_bin, TimescaleDB sees through time_bucket: it reads chunks in the order of the key, and columns as vectors.
function arithmetic(starts: readonly Micros[], end: Micros, parameters: Parameters): BucketKey {
  const [first = 0, second = end] = starts;
  const length = `${parameters.add(`${second - first} microseconds`)}::interval`;
  const sql = `time_bucket(${length}, time, ${parameters.add(timestamptz(first))}::timestamptz)`;
  return {
    sql,
    selected: `(extract(epoch FROM ${sql}) * 1000000)::bigint`,
    startOf: ({ bucket }) => Number(bucket),
  };
}

function search(starts: readonly Micros[], parameters: Parameters): BucketKey {
  const sql = `width_bucket(time, ${parameters.add(starts.map(timestamptz))}::timestamptz[])`;
  return {
    sql,
    selected: sql,
    startOf({ bucket }) {
      const start = starts[Number(bucket) - 1];
      if (start === undefined) throw new Error(`bucket ${bucket} has no boundary`);
      return start;
    },
  };
}
