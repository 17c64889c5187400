import type { CanonicalWidth, ColumnstoreState, OrderState } from '../state/hypertable-state.ts';
import { identifier, kindOf, literal, on, relation, widthSql, type Target } from './target.ts';

/** Switches the columnstore on, or changes the settings that are given; chunks converted before keep theirs. */
export function setColumnstore(target: Target, { segmentBy, orderBy }: ColumnstoreState): string {
  const settings = [
    'timescaledb.enable_columnstore = true',
    ...(segmentBy ? [`timescaledb.segmentby = ${literal(segmentBy.map(identifier).join(', '))}`] : []),
    ...(orderBy ? [`timescaledb.orderby = ${literal(orderBy.map(orderSql).join(', '))}`] : []),
  ];
  return `alter ${kindOf(target)} ${relation(target)} set (${settings.join(', ')})`;
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

export function orderSql({ column, descending, nullsFirst }: OrderState): string {
  return `${identifier(column)} ${descending ? 'desc' : 'asc'} nulls ${nullsFirst ? 'first' : 'last'}`;
}
