import { ReferenceKind, type EntityMetadata, type EntityProperty } from '@mikro-orm/core';
import { InvalidContinuousAggregate } from '../faults.ts';
import { parseInterval } from '../interval.ts';
import type { Selection } from '../query/selection.ts';
import type { AggregateBucket, ContinuousAggregateOptions } from './aggregate-options.ts';
import { aggregateSource, type AggregateSource } from './aggregate-source.ts';
import { checkAggregatePolicies } from './check-aggregate-policies.ts';
import { checkHierarchy } from './check-hierarchy.ts';
import { widthFault } from './check-width.ts';
import { propertiesOf } from './inheritance.ts';
import type { Width } from './options.ts';
import { isTimeZone } from './policy-schedule.ts';

/** How the checks of an aggregate say what is wrong. */
export type Fail = (option: string, problem: string, remedy: string) => never;

/** @throws InvalidContinuousAggregate */
export function checkAggregate(name: string, source: EntityMetadata, options: ContinuousAggregateOptions): void {
  const about = aggregateSource(source);
  if (!about) {
    const remedy = `Call hypertable(${source.className}, ...) before`;
    throw new InvalidContinuousAggregate(name, 'source', `${source.className} is no hypertable`, remedy);
  }
  const { className } = source;
  checkAggregateOn(about, { className, properties: propertiesOf(source) }, name, options);
}

/**
 * @param about the source, which is declared or will be
 * @throws InvalidContinuousAggregate
 */
export function checkAggregateOn(
  about: AggregateSource,
  source: SourceEntity,
  name: string,
  options: ContinuousAggregateOptions,
): void {
  const fail: Fail = (option, problem, remedy) => {
    throw new InvalidContinuousAggregate(name, option, problem, remedy);
  };
  for (const [option, value] of Object.entries<unknown>({ ...options })) {
    if (value === null) fail(option, 'it is null', 'Leave it out, or write false to have it removed');
  }
  const bucket = bucketOptions(options.bucket);
  checkBucket(bucket, about, source, fail);
  if (about.aggregate) checkHierarchy(bucket, bucketOptions(about.aggregate.options.bucket), fail);
  checkColumns(options, bucket, source, fail);
  checkAggregatePolicies(options, bucket, about, fail);
}

interface SourceEntity {
  className: string;
  /** With those that are inherited. */
  properties: Readonly<Record<string, Partial<EntityProperty>>>;
}

export function bucketOptions(bucket: ContinuousAggregateOptions['bucket']): AggregateBucket {
  return 'by' in bucket ? bucket : { width: bucket[0], by: bucket[1] };
}

/** A width for this kind of column, or the error. */
export function checkAggregateWidth(
  option: string,
  width: Width | null | undefined,
  { kind }: AggregateSource,
  fail: Fail,
): void {
  if (width === undefined || width === null) return;
  const [problem, remedy] = widthFault(width, kind) ?? [];
  if (problem !== undefined && remedy) fail(option, problem, remedy);
}

function checkBucket(bucket: AggregateBucket, about: AggregateSource, source: SourceEntity, fail: Fail): void {
  const { by, width, timeZone, origin, offset } = bucket;
  if (by !== about.by) {
    fail('bucket', `"${by}" is not what ${source.className} is partitioned by`, `Use "${about.by}"`);
  }
  checkAggregateWidth('bucket', width, about, fail);
  const interval = typeof width === 'number' ? undefined : parseInterval(width);
  if (interval && interval.months > 0 && interval.days + interval.micros > 0) {
    fail('bucket', 'months and days do not add up to one width', 'Give only months, or none');
  }
  checkAggregateWidth('bucket.offset', offset, about, fail);
  if (origin !== undefined && offset !== undefined) {
    fail('bucket.offset', 'there is an origin already', 'Keep one of them');
  }
  if (about.kind === 'integer') {
    if (timeZone !== undefined) fail('bucket.timeZone', `"${by}" is an integer`, 'Leave it out');
    if (origin !== undefined) fail('bucket.origin', `"${by}" is an integer`, 'Use offset');
    if (!about.knowsNow) {
      fail('bucket', `the integer "${by}" does not say what now is`, `Give ${source.className} an integerNow`);
    }
  }
  if (origin !== undefined && Number.isNaN(new Date(origin).getTime())) {
    fail('bucket.origin', `"${String(origin)}" is no time`, 'Give a Date, or write it in ISO 8601');
  }
  if (timeZone !== undefined && about.withoutZone) {
    fail(
      'bucket.timeZone',
      `the column of "${by}" has no time zone`,
      'Leave it out, or use a timestamp with time zone',
    );
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    fail(
      'bucket.timeZone',
      `there is no time zone "${timeZone}"`,
      'Use a name of the IANA list, such as Europe/Berlin',
    );
  }
}

function checkColumns(
  { groupBy = [], select, indexes }: ContinuousAggregateOptions,
  { by }: AggregateBucket,
  source: SourceEntity,
  fail: Fail,
): void {
  const checkProperty = (option: string, name: string): void => {
    const known = source.properties;
    const property = known[name];
    if (!property) return fail(option, `there is no property "${name}"`, `Use one of ${Object.keys(known).join(', ')}`);
    if (hasNoColumn(property)) fail(option, `"${name}" has no column of its own`, 'Use a property that has one');
  };
  const names = new Set(['bucket']);
  for (const group of groupBy) {
    checkProperty('groupBy', group);
    if (group === by) fail('groupBy', `"${by}" is cut into buckets`, 'Leave it out');
    if (names.has(group)) fail('groupBy', `"${group}" is there already`, 'Name it once');
    names.add(group);
  }
  if (Object.keys(select).length === 0) fail('select', 'it is empty', 'Select something, count() for instance');
  for (const [name, selection] of Object.entries(select)) {
    if (names.has(name)) fail(`select.${name}`, 'the name is taken', 'Use another');
    names.add(name);
    for (const property of selectedProperties(selection)) checkProperty(`select.${name}`, property);
    checkHistogram(`select.${name}`, selection, fail);
  }
  for (const property of (indexes ?? []).flatMap((index) => Object.keys(index))) {
    if (!names.has(property)) fail('indexes', `there is no "${property}"`, `Use ${[...names].join(', ')}`);
  }
  if (indexes?.some((index) => Object.keys(index).length === 0)) {
    fail('indexes', 'one of them is empty', 'Name its properties');
  }
  if (indexes?.some((index) => Object.keys(index).join() === 'bucket')) {
    fail('indexes', 'one on the bucket is there anyway', 'Leave it out');
  }
}

/** An embedded one has several columns, the other side of a relation none. */
function hasNoColumn({ kind, object }: Partial<EntityProperty>): boolean {
  return (
    kind === ReferenceKind.ONE_TO_MANY ||
    kind === ReferenceKind.MANY_TO_MANY ||
    (kind === ReferenceKind.EMBEDDED && !object)
  );
}

function selectedProperties(selection: Selection): string[] {
  if (selection.kind === 'raw') return [];
  const { property } = selection;
  return [...(property === undefined ? [] : [property]), ...('by' in selection ? [selection.by] : [])];
}

function checkHistogram(option: string, selection: Selection, fail: Fail): void {
  if (selection.kind !== 'histogram') return;
  const { min, max, buckets } = selection;
  if (!(min < max)) fail(option, `${min} is not below ${max}`, 'Give a min that is below max');
  if (!Number.isInteger(buckets) || buckets < 1) fail(option, `${buckets} buckets`, 'Give a whole number above 0');
}
