import type { DimensionState, HypertableState, QualifiedName } from '../state/hypertable-state.ts';
import { identifier, literal, on, relation, widthSql, type Target } from './target.ts';

export function createExtension(functions: string): string {
  return `create extension if not exists "timescaledb" schema ${identifier(functions)}`;
}

/** Without the default time index: the model says which indexes there are. */
export function createHypertable(target: Target, { by }: HypertableState, { migrateData = false } = {}): string {
  const width = by.interval === undefined ? '' : `, ${widthSql(by.interval)}`;
  const range = `${identifier(target.functions)}.by_range(${literal(by.column)}${width})`;
  const migrate = migrateData ? ['migrate_data => true'] : [];
  return `select ${on(target, 'create_hypertable', range, 'create_default_indexes => false', ...migrate)}`;
}

export function setChunkInterval(target: Target, width: string | number, dimension?: string): string {
  const which = dimension === undefined ? [] : [`dimension_name => ${literal(dimension)}`];
  return `select ${on(target, 'set_chunk_time_interval', widthSql(width), ...which)}`;
}

export function setIntegerNow(target: Target, { schema, name }: QualifiedName): string {
  const now = literal(`${identifier(schema)}.${identifier(name)}`);
  return `select ${on(target, 'set_integer_now_func', now, 'replace_if_exists => true')}`;
}

export function addDimension(target: Target, dimension: DimensionState): string {
  const column = literal(dimension.column);
  const info =
    dimension.kind === 'hash'
      ? `by_hash(${column}, ${dimension.partitions})`
      : `by_range(${column}, ${widthSql(dimension.interval)})`;
  return `select ${on(target, 'add_dimension', `${identifier(target.functions)}.${info}`, 'if_not_exists => true')}`;
}

export function setPartitions(target: Target, { column, partitions }: { column: string; partitions: number }): string {
  return `select ${on(target, 'set_number_partitions', String(partitions), literal(column))}`;
}

/**
 * PostgreSQL leaves the columns of an index under the names that the table's had when it was made, and TimescaleDB
 * (2.19, 2.23) looks for the partitioning columns by these: without this no table with a renamed key gets a dimension.
 */
export function nameIndexColumns(target: Target): string {
  const renamed =
    `select key.indexrelid::regclass as index, part.attname as old, own.attname as new from pg_index as key ` +
    `join pg_attribute as part on part.attrelid = key.indexrelid ` +
    `join pg_attribute as own on own.attrelid = key.indrelid and own.attnum = key.indkey[part.attnum - 1] ` +
    `where key.indrelid = ${literal(relation(target))}::regclass and key.indisunique and part.attname <> own.attname`;
  const rename = `execute format('alter table %s rename column %I to %I', each.index, each.old, each.new)`;
  return `do ${literal(`declare each record; begin for each in ${renamed} loop ${rename}; end loop; end`)}`;
}

/** Fails where the table holds rows. */
export function refuseRows(target: Target): string {
  const message = literal(`${relation(target)} holds rows and is not dropped: empty it first, or drop it by hand`);
  const check = `if exists (select from ${relation(target)}) then raise exception using message = ${message}; end if`;
  return `do ${literal(`begin ${check}; end`)}`;
}
