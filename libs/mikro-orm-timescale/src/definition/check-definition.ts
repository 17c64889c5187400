import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { InvalidHypertable } from '../faults.ts';
import { checkUniqueKeys } from './check-unique-keys.ts';
import { checkWidth } from './check-width.ts';
import { columnKind } from './column-kind.ts';
import type { HypertableOptions } from './options.ts';

/**
 * Says what is wrong with a definition. It runs twice: where it is written, with what the entity says by then, and once
 * MikroORM has discovered everything.
 *
 * @throws InvalidHypertable
 */
export function checkDefinition(meta: EntityMetadata, options: HypertableOptions): void {
  const by = partitioningProperty(meta, 'by', options.by);
  const kind = columnKind(by);
  checkWidth(meta, 'chunkInterval', options.chunkInterval, kind);
  if (kind === 'integer' && options.chunkInterval === undefined) {
    fail(meta, 'chunkInterval', `"${options.by}" is an integer, which has no default`, 'Say how many a chunk holds');
  }
  checkDimensions(meta, options);
  checkUniqueKeys(meta, [options.by, ...(options.dimensions ?? []).map(({ property }) => property)]);
  checkColumnstore(meta, options);
  if (options.retention) checkWidth(meta, 'retention.dropAfter', options.retention.dropAfter, kind);
  checkIntegerNow(meta, options, kind);
  if (options.reorder && options.reorder.index.trim() === '') {
    fail(meta, 'reorder.index', 'the name is empty', 'Name an index of the entity');
  }
}

function checkDimensions(meta: EntityMetadata, { by, dimensions = [] }: HypertableOptions): void {
  const seen = new Set([by]);
  for (const dimension of dimensions) {
    const option = `dimensions ${dimension.kind}(${dimension.property})`;
    if (dimension.kind === 'hash') {
      propertyOf(meta, option, dimension.property);
      const { partitions } = dimension;
      if (!Number.isInteger(partitions) || partitions < 1 || partitions > 32_767) {
        fail(meta, option, `${partitions} partitions`, 'Give a whole number from 1 to 32767');
      }
    } else {
      checkWidth(meta, option, dimension.interval, columnKind(partitioningProperty(meta, option, dimension.property)));
    }
    if (seen.has(dimension.property)) fail(meta, option, 'it partitions already', 'Leave it out');
    seen.add(dimension.property);
  }
}

function checkColumnstore(meta: EntityMetadata, { by, columnstore }: HypertableOptions): void {
  if (!columnstore) return;
  const { segmentBy = [], orderBy, after } = columnstore;
  for (const property of segmentBy) propertyOf(meta, 'columnstore.segmentBy', property);
  if (segmentBy.includes(by)) {
    fail(meta, 'columnstore.segmentBy', `"${by}" is the partitioning property`, 'Put it into orderBy');
  }
  const ordered = Object.keys(orderBy ?? {});
  for (const property of ordered) propertyOf(meta, 'columnstore.orderBy', property);
  if (orderBy && ordered.length === 0) {
    fail(meta, 'columnstore.orderBy', 'it is empty', `Leave it out, or write { ${by}: 'desc' }`);
  }
  const both = segmentBy.find((property) => ordered.includes(property));
  if (both) fail(meta, 'columnstore.orderBy', `"${both}" is in segmentBy already`, 'Keep it in one of them');
  if (after !== false) checkWidth(meta, 'columnstore.after', after, columnKind(propertyOf(meta, 'by', by)));
}

function checkIntegerNow(meta: EntityMetadata, options: HypertableOptions, kind: unknown): void {
  const now = options.integerNow;
  if (now !== undefined && kind !== undefined && kind !== 'integer') {
    fail(meta, 'integerNow', `"${options.by}" is no integer, and knows what now is`, 'Leave it out');
  }
  if (now !== undefined && !/^[^.]+\.[^.]+$/.test(now)) {
    fail(meta, 'integerNow', `"${now}" has no schema`, `Write it as 'schema.function'`);
  }
  const policies = options.retention || (options.columnstore && options.columnstore.after);
  if (kind === 'integer' && policies && now === undefined) {
    fail(meta, 'integerNow', 'a policy on an integer has to know what now is', `Name a function: 'schema.function'`);
  }
}

function partitioningProperty(meta: EntityMetadata, option: string, name: string): EntityProperty {
  const property = propertyOf(meta, option, name);
  if (columnKind(property) !== null) return property;
  return fail(meta, option, `"${name}" is no time`, 'Use a timestamp, a date or an integer property');
}

function propertyOf(meta: EntityMetadata, option: string, name: string): EntityProperty {
  const properties: Readonly<Record<string, EntityProperty>> = meta.properties;
  const property = properties[name];
  if (property) return property;
  return fail(meta, option, `there is no property "${name}"`, `Use one of ${Object.keys(properties).join(', ')}`);
}

function fail(meta: EntityMetadata, option: string, problem: string, remedy: string): never {
  throw new InvalidHypertable(meta.className, option, problem, remedy);
}
