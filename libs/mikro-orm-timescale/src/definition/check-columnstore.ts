import type { EntityMetadata } from '@mikro-orm/core';
import { checkWidth } from './check-width.ts';
import { columnKind } from './column-kind.ts';
import { failDefinition as fail, propertyOf } from './property-of.ts';
import { checkSchedule } from './policy-schedule.ts';
import type { ColumnstoreOptions, HypertableOptions } from './options.ts';

/** @throws InvalidHypertable */
export function checkColumnstore(meta: EntityMetadata, { by, columnstore }: HypertableOptions): void {
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
  checkSparseIndexes(meta, by, columnstore);
  if (after !== false) checkWidth(meta, 'columnstore.after', after, columnKind(propertyOf(meta, 'by', by)));
  checkSchedule(meta, 'columnstore', columnstore);
  const scheduled = (['every', 'initialStart', 'timeZone'] as const).find((name) => columnstore[name] !== undefined);
  if (scheduled && !after) {
    fail(meta, `columnstore.${scheduled}`, 'there is no policy to run', 'Give after too, or leave it out');
  }
}

function checkSparseIndexes(
  meta: EntityMetadata,
  by: string,
  { segmentBy = [], orderBy, sparseIndexes }: ColumnstoreOptions,
): void {
  if (sparseIndexes === undefined) return;
  if (!orderBy) {
    const remedy = `Give it too, such as orderBy: { ${by}: 'desc' }`;
    return fail(meta, 'columnstore.sparseIndexes', 'TimescaleDB takes it only together with orderBy', remedy);
  }
  const seen = new Set<string>();
  for (const { kind, property } of sparseIndexes || []) {
    const option = `columnstore.sparseIndexes ${kind}(${property})`;
    propertyOf(meta, option, property);
    if (segmentBy.includes(property))
      fail(meta, option, 'it is in segmentBy, which is an index of its own', 'Leave it out');
    // TimescaleDB orders by the time too where it is not mentioned.
    if (kind === 'bloom' && (property === by || Object.keys(orderBy).includes(property))) {
      fail(meta, option, 'rows are ordered by it, and have its smallest and largest value anyway', 'Leave it out');
    }
    if (seen.has(property)) fail(meta, option, 'it has a sparse index already', 'Keep one of them');
    seen.add(property);
  }
}
