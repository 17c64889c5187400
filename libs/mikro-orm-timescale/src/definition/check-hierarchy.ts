import { parseInterval, type ParsedInterval } from '../interval.ts';
import type { AggregateBucket } from './aggregate-options.ts';
import type { Fail } from './check-aggregate.ts';

/** Each bucket of an aggregate on an aggregate has to be made of whole ones. */
export function checkHierarchy(bucket: AggregateBucket, below: AggregateBucket, fail: Fail): void {
  const widths = `"${spelled(bucket.width)}" of "${spelled(below.width)}"`;
  if (!divides(below.width, bucket.width)) {
    fail('bucket', `${widths} is no whole number of buckets`, 'Give a multiple of the width below');
  }
  const [isFixed, isFixedBelow] = [bucket, below].map(
    ({ width, timeZone }) => timeZone === undefined && (parsed(width)?.months ?? 0) === 0,
  );
  if (isFixed && !isFixedBelow) {
    fail(
      'bucket',
      `${widths}: TimescaleDB makes no fixed width of a calendar's`,
      'Give months or a time zone here too',
    );
  }
  if (below.timeZone !== undefined && bucket.timeZone !== below.timeZone) {
    fail('bucket.timeZone', `the buckets below are those of ${below.timeZone}`, 'Use the same time zone');
  }
  checkBeginning(bucket, below, fail);
  if (bucket.timeZone !== undefined && below.timeZone === undefined) checkZone(bucket.timeZone, below, fail);
}

/** Whole buckets below only where both begin at the same times. */
function checkBeginning({ origin, offset }: AggregateBucket, below: AggregateBucket, fail: Fail): void {
  const option = origin === undefined ? 'bucket.offset' : 'bucket.origin';
  const same = canonicalTime(origin) === canonicalTime(below.origin) && spelled(offset) === spelled(below.offset);
  if (same) return;
  if (below.origin !== undefined || below.offset !== undefined) {
    fail(option, 'the buckets below begin at other times', 'Give the same origin and offset as there');
  }
  const moved = origin === undefined ? offset : { microseconds: Math.abs(sinceDefaultOrigin(origin)) };
  if (moved === undefined || isNothing(moved) || divides(below.width, moved)) return;
  fail(option, `it cuts through a bucket of "${spelled(below.width)}" below`, 'Move it by whole ones');
}

/** Microseconds since a Monday from which TimescaleDB counts. */
function sinceDefaultOrigin(origin: Date | string): number {
  return (new Date(origin).getTime() - Date.UTC(2000, 0, 3)) * 1_000;
}

function isNothing(width: Exclude<AggregateBucket['offset'], undefined>): boolean {
  return typeof width === 'object' && width.microseconds === 0;
}

function canonicalTime(time: Date | string | undefined): number | undefined {
  return time === undefined ? undefined : new Date(time).getTime();
}

/** Days of a zone are whole UTC hours long and begin at whole ones only where its offsets are whole hours. */
function checkZone(timeZone: string, { width }: AggregateBucket, fail: Fail): void {
  const { micros, days, months } = parsed(width) ?? { micros: 0, days: 0, months: 0 };
  const minutes = months + days > 0 ? 24 * 60 : micros / 60_000_000;
  const offset = [...offsetsOf(timeZone)].find((each) => each % minutes !== 0);
  if (offset === undefined) return;
  fail(
    'bucket.timeZone',
    `${timeZone} is ${offset} minutes from UTC at times, which cuts through a bucket of "${spelled(width)}" below`,
    'Give the aggregate below the same time zone, or a width that divides the offset',
  );
}

/** Minutes, over the years for which there may be rows. */
function offsetsOf(timeZone: string): Set<number> {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offsets = new Set<number>();
  for (let month = 0; month < 12 * 68; month++) {
    const name = format.formatToParts(Date.UTC(1970, month)).find(({ type }) => type === 'timeZoneName')?.value;
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? '') ?? [];
    offsets.add(sign ? Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) : 0);
  }
  return offsets;
}

function divides(below: AggregateBucket['width'], width: AggregateBucket['width']): boolean {
  if (typeof width === 'number' || typeof below === 'number') return Number(width) % Number(below) === 0;
  const [small, large] = [parsed(below), parsed(width)];
  if (!small || !large) return false;
  if (small.months > 0) return large.months > 0 && large.months % small.months === 0;
  const fixed = ({ days, micros }: ParsedInterval): number => days * 86_400_000_000 + micros;
  // A month is made of whole days, and of whatever divides a day.
  return (large.months > 0 ? 86_400_000_000 : fixed(large)) % fixed(small) === 0;
}

function parsed(width: AggregateBucket['width']): ParsedInterval | undefined {
  return typeof width === 'number' ? undefined : parseInterval(width);
}

function spelled(width: AggregateBucket['offset']): string {
  return typeof width === 'object' ? JSON.stringify(width) : String(width);
}
