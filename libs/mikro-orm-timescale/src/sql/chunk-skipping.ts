import { identifier, literal, relation, type Target } from './target.ts';

/**
 * Makes these the columns of chunk skipping, whatever was there. TimescaleDB wants its setting to be on for that: it is
 * on for no longer than the statement takes, in a transaction or not.
 */
export function setChunkSkipping(target: Target, columns: readonly string[]): string {
  const setting = `'timescaledb.enable_chunk_skipping'`;
  const call = (name: string, column: string): string =>
    `perform ${identifier(target.functions)}.${name}(${literal(relation(target))}, ${column}, if_not_exists => true)`;
  const body = [
    `perform set_config(${setting}, 'on', true)`,
    `for gone in ${superfluous(target, columns)} loop ${call('disable_chunk_skipping', 'gone')}; end loop`,
    ...columns.map((column) => call('enable_chunk_skipping', literal(column))),
    `perform set_config(${setting}, before, true)`,
  ];
  const declarations = `before text := current_setting(${setting}, true); gone name;`;
  return `do ${literal(`declare ${declarations} begin ${body.join('; ')}; end`)}`;
}

function superfluous(target: Target, columns: readonly string[]): string {
  return (
    `select skipping.column_name from _timescaledb_catalog.chunk_column_stats as skipping ` +
    `join _timescaledb_catalog.hypertable as hypertable on hypertable.id = skipping.hypertable_id ` +
    `join pg_namespace as namespace on namespace.nspname = hypertable.schema_name ` +
    `join pg_class as class on class.relnamespace = namespace.oid and class.relname = hypertable.table_name ` +
    `where class.oid = ${literal(relation(target))}::regclass and coalesce(skipping.chunk_id, 0) = 0 ` +
    `and skipping.column_name <> all (array[${columns.map(literal).join(', ')}]::name[])`
  );
}
