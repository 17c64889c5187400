import type { ColumnstoreState } from '../state/hypertable-state.ts';
import { materializationOf } from './materialization.ts';
import { orderSql } from './order.ts';
import { identifier, literal, relation, type Target } from './target.ts';

/**
 * Switches the columnstore of an aggregate on, or changes what is given. TimescaleDB (2.23) forgets what is not, so that
 * the statement looks up what there is when it runs.
 */
export function setAggregateColumnstore(target: Target, { segmentBy, orderBy }: ColumnstoreState): string {
  const options = [
    `'timescaledb.enable_columnstore = true'`,
    `'timescaledb.segmentby = ' || quote_literal(${segmentBy ? literal(segmentBy.map(identifier).join(', ')) : segmented})`,
    `'timescaledb.orderby = ' || quote_literal(${orderBy ? literal(orderBy.map(orderSql).join(', ')) : ordered})`,
  ];
  const found =
    `select concat_ws(', ', ${options.join(', ')}) as options from ${materializationOf(target)} ` +
    `left join _timescaledb_catalog.compression_settings as settings on settings.relid = materialization`;
  const alter = `execute format('alter materialized view %s set (%s)', ${literal(relation(target))}, each.options)`;
  return `do ${literal(`declare each record; begin for each in ${found} loop ${alter}; end loop; end`)}`;
}

// Null where nothing was set, and then nothing is said; the empty text is no segmentation at all.
const segmented =
  `case when settings.segmentby is not null then coalesce((select string_agg(quote_ident(name), ', ' order by number) ` +
  `from unnest(settings.segmentby) with ordinality as segment (name, number)), '') end`;
const ordered =
  `(select string_agg(concat(quote_ident(name), case when descending then ' desc' else ' asc' end, ` +
  `case when nulls_first then ' nulls first' else ' nulls last' end), ', ' order by number) ` +
  `from unnest(settings.orderby, settings.orderby_desc, settings.orderby_nullsfirst) ` +
  `with ordinality as part (name, descending, nulls_first, number))`;
