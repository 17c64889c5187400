import type { AggregateState } from '../state/aggregate-state.ts';
import type { ColumnstoreState } from '../state/hypertable-state.ts';

/**
 * An aggregate that is made anew keeps what its model does not mention, as far as the columns for it are still there.
 */
export function carryOver(from: AggregateState, to: AggregateState): AggregateState {
  const columns = columnsOf(to);
  const isThere = ({ column }: { column: string }): boolean => columns.has(column);
  const { columnstore, indexes, ...rest } = from;
  const kept: AggregateState = {
    ...rest,
    ...(columnstore !== undefined && { columnstore: columnstore && settingsFor(columns, columnstore) }),
    ...(indexes?.every((index) => index.every(isThere)) && { indexes }),
  };
  return {
    ...kept,
    ...to,
    ...(kept.columnstore && to.columnstore && { columnstore: { ...kept.columnstore, ...to.columnstore } }),
  };
}

function settingsFor(columns: ReadonlySet<string>, { segmentBy, orderBy, after }: ColumnstoreState): ColumnstoreState {
  return {
    ...(segmentBy?.every((column) => columns.has(column)) && { segmentBy }),
    ...(orderBy?.every(({ column }) => columns.has(column)) && { orderBy }),
    ...(after !== undefined && { after }),
  };
}

function columnsOf({ query }: AggregateState): Set<string> {
  if ('spelled' in query) return new Set();
  return new Set([query.bucket, ...query.groupBy, ...query.select].map(({ as }) => as));
}
