import { isAtLeast, formatInterval, parseInterval } from '../interval.ts';
import type { AggregateBucket, ContinuousAggregateOptions, RefreshOptions } from './aggregate-options.ts';
import type { AggregateSource } from './aggregate-source.ts';
import { checkAggregateWidth, type Fail } from './check-aggregate.ts';
import type { Width } from './options.ts';
import { scheduleFault, type PolicySchedule } from './policy-schedule.ts';

/** What the policies of an aggregate have to do with each other, and with its source. */
export function checkAggregatePolicies(
  options: ContinuousAggregateOptions,
  bucket: AggregateBucket,
  source: AggregateSource,
  fail: Fail,
): void {
  const { refresh, columnstore, retention, chunkInterval } = options;
  checkAggregateWidth('chunkInterval', chunkInterval, source, fail);
  if (refresh) {
    checkWindow(refresh, bucket, source, fail);
    checkSchedule('refresh', refresh, fail);
    checkBatches(refresh, fail);
    checkSourceRetention(refresh, source, fail);
  }
  const after = (columnstore || undefined)?.after;
  if (columnstore) checkSchedule('columnstore', columnstore, fail);
  if (after) {
    checkAggregateWidth('columnstore.after', after, source, fail);
    if (!refresh) return fail('columnstore.after', 'there is no refresh', 'Give one: TimescaleDB wants it first');
    if (isBeyond(refresh.start, after)) {
      fail(
        'columnstore.after',
        'the refresh would reach into the columnstore',
        'Make it no shorter than refresh.start',
      );
    }
  }
  if (!retention) return;
  checkAggregateWidth('retention.dropAfter', retention.dropAfter, source, fail);
  checkSchedule('retention', retention, fail);
  if (refresh && isBeyond(refresh.start, retention.dropAfter)) {
    fail('retention.dropAfter', 'the refresh would make again what it drops', 'Make it no shorter than refresh.start');
  }
}

function checkWindow(
  { start, end }: RefreshOptions,
  { width }: AggregateBucket,
  source: AggregateSource,
  fail: Fail,
): void {
  checkAggregateWidth('refresh.start', start, source, fail);
  checkAggregateWidth('refresh.end', end, source, fail);
  if (start === null) return;
  const least = sumOf([end ?? undefined, width, width]);
  if (isAtLeast(canonical(start), least)) return;
  fail('refresh.start', 'from there to refresh.end are less than two buckets', `Give ${least} at least`);
}

function checkBatches({ bucketsPerBatch, maxBatchesPerExecution }: RefreshOptions, fail: Fail): void {
  for (const [option, value] of Object.entries({ bucketsPerBatch, maxBatchesPerExecution })) {
    if (value === undefined || (Number.isInteger(value) && value >= 0)) continue;
    fail(`refresh.${option}`, `${value} is no number of them`, 'Give a whole number from 0');
  }
}

function checkSchedule(option: string, schedule: PolicySchedule, fail: Fail): void {
  const [name, problem, remedy] = scheduleFault(schedule) ?? [];
  if (name !== undefined && problem !== undefined && remedy !== undefined) fail(`${option}.${name}`, problem, remedy);
}

function checkSourceRetention({ start }: RefreshOptions, { dropAfter }: AggregateSource, fail: Fail): void {
  if (dropAfter === undefined || !isBeyond(start, dropAfter)) return;
  fail(
    'refresh.start',
    `the source drops its rows after ${canonical(dropAfter)}, and a refresh over those empties their buckets`,
    `Give a start of ${canonical(dropAfter)} or less, or the source a longer retention`,
  );
}

/** Whether a refresh reaches further back. */
function isBeyond(start: Width | null, limit: Width): boolean {
  return start === null || !isAtLeast(canonical(limit), canonical(start));
}

function canonical(width: Width): string | number {
  if (typeof width === 'number') return width;
  const interval = parseInterval(width);
  return interval ? formatInterval(interval) : JSON.stringify(width);
}

function sumOf(widths: (Width | undefined)[]): string | number {
  const given = widths.filter((width) => width !== undefined);
  if (given.some((width) => typeof width === 'number'))
    return given.reduce<number>((sum, each) => sum + Number(each), 0);
  const sum = { months: 0, days: 0, micros: 0 };
  for (const width of given) {
    const interval = typeof width === 'number' ? undefined : parseInterval(width);
    sum.months += interval?.months ?? 0;
    sum.days += interval?.days ?? 0;
    sum.micros += interval?.micros ?? 0;
  }
  return formatInterval(sum);
}
