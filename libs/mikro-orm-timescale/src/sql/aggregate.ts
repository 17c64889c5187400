import type {
  AggregateQuery,
  AggregateState,
  ColumnSelection,
  IndexState,
  SpelledQuery,
} from '../state/aggregate-state.ts';
import { materializationOf } from './materialization.ts';
import { oneLine } from './one-line.ts';
import { orderSql } from './order.ts';
import { selectionSql } from './selection.ts';
import { identifier, literal, relation, widthSql, type Target } from './target.ts';

/** Empty at first: a refresh refuses the transaction of a migration. */
export function createAggregate(target: Target, { query, source, ...state }: AggregateState): string {
  const options = [
    'timescaledb.continuous',
    ...(state.realtime === undefined ? [] : [`timescaledb.materialized_only = ${!state.realtime}`]),
    ...(state.indexes === undefined ? [] : ['timescaledb.create_group_indexes = false']),
  ];
  const from: Target = { ...target, table: source };
  return (
    `create materialized view if not exists ${relation(target)} with (${options.join(', ')}) as ` +
    `${isSpelled(query) ? oneLine(query.spelled.trim().replace(/;$/, '')) : querySql(query, from)} with no data`
  );
}

export function dropAggregate(target: Target): string {
  return `drop materialized view if exists ${relation(target)}`;
}

export function setRealtime(target: Target, realtime: boolean): string {
  return `alter materialized view ${relation(target)} set (timescaledb.materialized_only = ${!realtime})`;
}

export function createIndex(target: Target, index: IndexState): string {
  return `create index on ${relation(target)} (${index.map(orderSql).join(', ')})`;
}

/** Found by its columns: PostgreSQL chose the name, in a schema that all aggregates share. */
export function dropIndex(target: Target, index: IndexState): string {
  const columns = `array[${index.map(({ column }) => `quote_ident(${literal(column)})`).join(', ')}]`;
  const options = index.map(({ descending, nullsFirst }) => (descending ? 1 : 0) + (nullsFirst ? 2 : 0));
  return dropIndexesWhere(
    target,
    `(select array_agg(pg_get_indexdef(indexrelid, number::int, false) order by number) ` +
      `from generate_series(1, indnkeyatts) as number) = ${columns} and indoption::text = '${options.join(' ')}'`,
  );
}

/** All but the one on the bucket alone, which TimescaleDB always makes. */
export function dropIndexes(target: Target): string {
  const onBucket =
    `select from _timescaledb_catalog.dimension join _timescaledb_catalog.hypertable on hypertable.id = hypertable_id ` +
    `where format('%I.%I', schema_name, table_name)::regclass = materialization ` +
    `and quote_ident(column_name) = pg_get_indexdef(indexrelid, 1, false)`;
  return dropIndexesWhere(target, `not (indnkeyatts = 1 and exists (${onBucket}))`);
}

function dropIndexesWhere(target: Target, condition: string): string {
  const found =
    `select indexrelid::regclass as index from ${materializationOf(target)} ` +
    `join pg_index on indrelid = materialization where ${condition}`;
  const drop = `execute format('drop index %s', each.index)`;
  return `do ${literal(`declare each record; begin for each in ${found} loop ${drop}; end loop; end`)}`;
}

/** Fails where buckets are materialized, because what they were made of may be gone. */
export function refuseBuckets(target: Target): string {
  const message = literal(`${relation(target)} holds buckets and is not dropped: drop it by hand`);
  const body =
    `declare each record; found boolean; begin for each in select materialization from ${materializationOf(target)} loop ` +
    `execute format('select exists (select from %s)', each.materialization) into found; ` +
    `if found then raise exception using message = ${message}; end if; end loop; end`;
  return `do ${literal(body)}`;
}

/** @param from the hypertable or aggregate that it reads */
export function querySql(query: AggregateQuery, from: Target): string {
  const groups = query.groupBy.map(({ column, as }) => `${identifier(column)} as ${identifier(as)}`);
  const selected = query.select.map(({ value, as }) => `${valueSql(value, from.functions)} as ${identifier(as)}`);
  const columns = [
    `${bucketSql(query.bucket, from.functions)} as ${identifier(query.bucket.as)}`,
    ...groups,
    ...selected,
  ];
  const grouping = [...query.groupBy.keys()].map((at) => at + 2);
  return `select ${columns.join(', ')} from ${relation(from)} group by ${[1, ...grouping].join(', ')}`;
}

export function isSpelled(query: AggregateQuery | SpelledQuery): query is SpelledQuery {
  return 'spelled' in query;
}

function valueSql(value: ColumnSelection, functions: string): string {
  return value.kind === 'sql' ? value.sql : selectionSql(value, {}, functions);
}

function bucketSql({ column, type, width, ...more }: AggregateQuery['bucket'], functions: string): string {
  const kind = type.replace(/\(\d+\)/, '');
  const named = [
    ...(more.timeZone === undefined ? [] : [`timezone => ${literal(more.timeZone)}`]),
    ...(more.origin === undefined ? [] : [`origin => ${literal(more.origin)}::${kind}`]),
    ...(more.offset === undefined ? [] : [`"offset" => ${typedWidth(more.offset, kind)}`]),
  ];
  return `${identifier(functions)}.time_bucket(${[typedWidth(width, kind), identifier(column), ...named].join(', ')})`;
}

/** The functions for integers want a width of the column's very type. */
function typedWidth(width: string | number, type: string): string {
  return typeof width === 'number' ? `${width}::${type}` : widthSql(width);
}
