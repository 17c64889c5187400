import type { EntityMetadata } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { MissingFeature } from '../faults.ts';
import type { ValueSql } from '../sql/bucket.ts';
import type { Fillable } from '../sql/fill.ts';
import { selectionSql } from '../sql/selection.ts';
import { identifier } from '../sql/target.ts';
import type { BucketQuery } from './parse-bucket-query.ts';
import type { ColumnProperty, Properties } from './properties.ts';
import { propertyReader, readingSql } from './property-value.ts';
import type { Selection } from './selection.ts';

/** A column of the answer. Statements call it by its number, so that no name has to be quoted. */
export interface AnswerColumn extends ValueSql {
  /** What the caller calls it. */
  name: string;
  /** Makes of what the driver gives what the caller gets. */
  read: (value: unknown) => unknown;
}

export interface AnswerContext {
  em: SqlEntityManager;
  meta: EntityMetadata;
  properties: Properties;
  /** The schema of the extension; undefined where it is not there. */
  functions: string | undefined;
}

export function groupColumns(groups: readonly ColumnProperty[], context: AnswerContext): AnswerColumn[] {
  return groups.map((group, index) => ({
    name: group.name,
    column: `g${index}`,
    sql: columnSql(group),
    ...reading(group, context),
  }));
}

/** @throws MissingFeature where it takes TimescaleDB and the server has none */
export function valueColumns(values: BucketQuery['values'], context: AnswerContext): (AnswerColumn & Fillable)[] {
  const columns = Object.fromEntries([...context.properties].map((property) => [property.name, columnSql(property)]));
  return values.map(({ name, selection, fill }, index) => ({
    name,
    column: `v${index}`,
    sql: valueSql(selection, columns, context),
    ...reading(isOfProperty(selection) ? context.properties.get(selection.property, name) : undefined, context),
    fill,
    zero: selection.kind === 'histogram' ? `array_fill(0, array[${selection.buckets + 2}])` : '0',
    empty: selection.kind === 'count' ? '0' : 'null',
  }));
}

function columnSql({ column }: ColumnProperty): string {
  return `s.${identifier(column)}`;
}

function valueSql(selection: Selection, columns: Record<string, string>, { meta, functions }: AnswerContext): string {
  if (functions === undefined && ['first', 'last', 'histogram'].includes(selection.kind)) {
    throw new MissingFeature(meta.className, `${selection.kind}()`, 'TimescaleDB', 'none');
  }
  const sql = selectionSql(selection, columns, functions ?? '');
  // A number to JavaScript: the driver leaves bigint and numeric as text.
  return ['count', 'sum', 'avg'].includes(selection.kind) ? `(${sql})::float8` : sql;
}

function isOfProperty(selection: Selection): selection is Extract<Selection, { property: string }> {
  return ['min', 'max', 'first', 'last'].includes(selection.kind);
}

function reading(
  property: ColumnProperty | undefined,
  { em, meta }: AnswerContext,
): Pick<AnswerColumn, 'reading' | 'read'> {
  if (!property) return { reading: (value) => value, read: (value) => value };
  return { reading: (value) => readingSql(em, property, value), read: propertyReader(em, meta, property) };
}
