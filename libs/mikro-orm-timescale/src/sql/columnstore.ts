import type { CanonicalWidth, ColumnstoreState, SparseIndexState } from '../state/hypertable-state.ts';
import { setAggregateColumnstore } from './aggregate-columnstore.ts';
import { orderSql } from './order.ts';
import { identifier, kindOf, literal, on, relation, widthSql, type Target } from './target.ts';

/** Switches the columnstore on, or changes the settings that are given; chunks converted before keep theirs. */
export function setColumnstore(target: Target, state: ColumnstoreState): string {
  if (target.view) return setAggregateColumnstore(target, state);
  const { segmentBy, orderBy, sparseIndexes } = state;
  const settings = [
    'timescaledb.enable_columnstore = true',
    ...(segmentBy ? [`timescaledb.segmentby = ${literal(segmentBy.map(identifier).join(', '))}`] : []),
    ...(orderBy ? [`timescaledb.orderby = ${literal(orderBy.map(orderSql).join(', '))}`] : []),
    ...(sparseIndexes === undefined ? [] : [`timescaledb.sparse_index = ${literal(sparseSql(sparseIndexes))}`]),
  ];
  return `alter table ${relation(target)} set (${settings.join(', ')})`;
}

/** Lets TimescaleDB choose them. */
export function resetSparseIndexes(target: Target): string {
  return `alter table ${relation(target)} reset (timescaledb.sparse_index)`;
}

/** Brings every chunk back to rows: the columnstore cannot be switched off before. */
export function convertToRowstore(target: Target): string {
  const chunk = `${on(target, 'show_chunks')} as chunk`;
  return (
    `select ${identifier(target.functions)}.decompress_chunk(chunk) from ${chunk} ` +
    `join timescaledb_information.chunks as about on format('%I.%I', chunk_schema, chunk_name)::regclass = chunk ` +
    `where is_compressed`
  );
}

export function dropColumnstore(target: Target): string {
  return `alter ${kindOf(target)} ${relation(target)} set (timescaledb.enable_columnstore = false)`;
}

export function addColumnstorePolicy(target: Target, after: CanonicalWidth): string {
  return `call ${on(target, 'add_columnstore_policy', `after => ${widthSql(after)}`, 'if_not_exists => true')}`;
}

export function removeColumnstorePolicy(target: Target): string {
  return `call ${on(target, 'remove_columnstore_policy', 'if_exists => true')}`;
}

/** The empty list is none at all. */
function sparseSql(indexes: false | readonly SparseIndexState[]): string {
  return (indexes || []).map(({ kind, column }) => `${kind}(${identifier(column)})`).join(', ');
}
