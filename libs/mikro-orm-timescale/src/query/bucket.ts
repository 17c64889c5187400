import type { EntityKey, EntityName } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { capabilitiesOf } from '../catalog/capabilities.ts';
import { bucketKey, positionSql } from '../sql/bucket-key.ts';
import { bucketSql } from '../sql/bucket.ts';
import { identifier } from '../sql/target.ts';
import { valueAt } from './axis.ts';
import { groupColumns, valueColumns, type AnswerColumn } from './answer-columns.ts';
import type { BucketOptions, BucketRow, Fill, Moment, Selections } from './bucket-options.ts';
import { bucketRows } from './bucket-rows.ts';
import { cut, type Cut } from './cut.ts';
import { failFor } from './fail.ts';
import { parseBucketQuery, type BucketQuery } from './parse-bucket-query.ts';
import { Properties } from './properties.ts';

/**
 * Rows of an entity by buckets, see BucketOptions.
 *
 * @throws InvalidQuery where the question makes no sense; MissingFeature where it takes the extension and there is none
 */
export async function bucket<
  Entity extends object,
  At extends Moment,
  Group extends EntityKey<Entity>,
  Select extends Selections<Entity>,
  Filling extends Fill<Select>,
>(
  em: SqlEntityManager,
  entity: EntityName<Entity>,
  options: BucketOptions<Entity, At, Group, Select, Filling>,
): Promise<BucketRow<Entity, At, Group, Select, Filling>[]> {
  const meta = em.getMetadata().get(entity);
  const fail = failFor(meta);
  const properties = new Properties(meta, fail);
  const query = parseBucketQuery(meta, properties, options, em.getPlatform(), fail);
  await flushBefore(em, entity);
  const { schema: functions } = await capabilitiesOf(em.getDriver().getConnection(), em.getTransactionContext());
  const starts = await cut(em, query.grid, query.range, fail);
  const condition = (alias: string): string => rangeSql(query, alias);
  const rows = await bucketRows(em, entity, options, condition, fail);
  const context = { em, meta, properties, functions };
  const columns = { groups: groupColumns(query.groups, context), values: valueColumns(query.values, context) };
  const statement = bucketSql({
    key: bucketKey(starts, query.axis.kind, functions),
    rows,
    range: condition('s'),
    column: `s.${identifier(query.axis.column)}`,
    ...columns,
    filled: query.filled,
    orderBy: query.orderBy.map(([name, order]) => [columnOf(name, columns), order]),
    limit: query.limit,
  });
  const found = await em.execute<Row[]>(statement);
  const read = rowReader(em, query, starts, [...columns.groups, ...columns.values]);
  return found.map((row) => read(row) as BucketRow<Entity, At, Group, Select, Filling>);
}

type Row = Readonly<Record<string, unknown>> & { key: string | number };

/** As `em.find()` does, so that what is not written yet counts too. */
async function flushBefore<Entity extends object>(em: SqlEntityManager, entity: EntityName<Entity>): Promise<void> {
  const context: { readonly global: boolean } & Pick<SqlEntityManager, 'tryFlush'> = em.getContext(false);
  // Nothing is kept in the global one.
  if (!context.global) await context.tryFlush(entity, {});
}

function rangeSql({ axis, range }: BucketQuery, alias: string): string {
  const column = `${alias}.${identifier(axis.column)}`;
  const [from, toExclusive] = [positionSql(range.from, axis.kind), positionSql(range.toExclusive, axis.kind)];
  return `${column} >= ${from} and ${column} < ${toExclusive}`;
}

function columnOf(name: string, { groups, values }: { groups: AnswerColumn[]; values: AnswerColumn[] }): string {
  return [...groups, ...values].find((column) => column.name === name)?.column ?? 'key';
}

function rowReader(
  em: SqlEntityManager,
  { axis, like }: BucketQuery,
  starts: Cut,
  columns: readonly AnswerColumn[],
): (row: Row) => Record<string, unknown> {
  const platform = em.getPlatform();
  return (row) => {
    const position = starts.kind === 'equal' ? BigInt(row.key) : starts.starts[Number(row.key) - 1];
    if (position === undefined) throw new Error(`There is no bucket ${row.key}.`);
    return Object.fromEntries([
      ['bucket', valueAt(axis, position, like, platform)],
      ...columns.map(({ name, column, read }): [string, unknown] => [name, read(row[column])]),
    ]);
  };
}
