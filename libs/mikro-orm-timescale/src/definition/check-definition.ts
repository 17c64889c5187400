import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { checkColumnstore } from './check-columnstore.ts';
import { checkEntity } from './check-entity.ts';
import { checkUniqueKeys } from './check-unique-keys.ts';
import { checkWidth } from './check-width.ts';
import { columnKind } from './column-kind.ts';
import type { HypertableOptions, Width } from './options.ts';
import { checkSchedule } from './policy-schedule.ts';
import { failDefinition as fail, propertyOf } from './property-of.ts';

/**
 * Says what is wrong with a definition. It runs twice: where it is written, with what the entity says by then, and once
 * MikroORM has discovered everything.
 *
 * @throws InvalidHypertable
 */
export function checkDefinition(meta: EntityMetadata, options: HypertableOptions): void {
  checkEntity(meta);
  for (const [option, value] of Object.entries<unknown>({ ...options })) {
    if (value === null) fail(meta, option, 'it is null', 'Leave it out, or write false to have it removed');
  }
  const by = partitioningProperty(meta, 'by', options.by);
  const kind = columnKind(by);
  checkWidth(meta, 'chunkInterval', options.chunkInterval, kind);
  if (kind === 'integer' && options.chunkInterval === undefined) {
    fail(meta, 'chunkInterval', `"${options.by}" is an integer, which has no default`, 'Say how many a chunk holds');
  }
  checkDimensions(meta, options);
  checkUniqueKeys(meta, [options.by, ...(options.dimensions ?? []).map(({ property }) => property)]);
  checkColumnstore(meta, options);
  checkChunkSkipping(meta, options);
  if (options.retention) {
    const { dropAfter } = options.retention as { dropAfter?: Width };
    checkWidth(meta, 'retention.dropAfter', dropAfter ?? null, kind);
    checkSchedule(meta, 'retention', options.retention);
  }
  checkIntegerNow(meta, options, kind);
  if (options.reorder) {
    if (options.reorder.index.trim() === '') {
      fail(meta, 'reorder.index', 'the name is empty', 'Name an index of the entity');
    }
    checkSchedule(meta, 'reorder', options.reorder);
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

function checkChunkSkipping(meta: EntityMetadata, { by, dimensions = [], chunkSkipping }: HypertableOptions): void {
  const partitioning = [by, ...dimensions.map(({ property }) => property)];
  const seen = new Set<string>();
  for (const property of chunkSkipping || []) {
    const kind = columnKind(propertyOf(meta, 'chunkSkipping', property));
    if (kind === null || kind === 'uuid') {
      fail(meta, 'chunkSkipping', `"${property}" is no time and no integer`, 'Use a timestamp, a date or an integer');
    }
    // TimescaleDB (2.23) would also forget it as soon as such a column gets another name.
    if (partitioning.includes(property)) {
      fail(meta, 'chunkSkipping', `"${property}" partitions, and chunks are passed over by it anyway`, 'Leave it out');
    }
    if (seen.has(property)) fail(meta, 'chunkSkipping', `"${property}" is there twice`, 'Keep it once');
    seen.add(property);
  }
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
  return fail(meta, option, `"${name}" is no time`, 'Use a timestamp, a date, an integer or a uuid property');
}
