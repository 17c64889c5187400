import type { AggregateState } from '../state/aggregate-state.ts';
import type { ColumnstoreState } from '../state/hypertable-state.ts';
import type { ScheduleState } from '../state/schedule-state.ts';

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
  return withoutIdlePolicy({
    ...kept,
    ...to,
    ...(kept.refresh && to.refresh && { refresh: merged(kept.refresh, to.refresh) }),
    ...(kept.columnstore && to.columnstore && { columnstore: merged(kept.columnstore, to.columnstore) }),
    ...(kept.retention && to.retention && { retention: merged(kept.retention, to.retention) }),
  });
}

function settingsFor(
  columns: ReadonlySet<string>,
  { segmentBy, orderBy, ...policy }: ColumnstoreState,
): ColumnstoreState {
  return {
    ...(segmentBy?.every((column) => columns.has(column)) && { segmentBy }),
    ...(orderBy?.every(({ column }) => columns.has(column)) && { orderBy }),
    ...policy,
  };
}

function merged<Policy extends { schedule?: ScheduleState }>(from: Policy, to: Policy): Policy {
  return {
    ...from,
    ...to,
    ...((from.schedule ?? to.schedule) && { schedule: { ...from.schedule, ...to.schedule } }),
  };
}

/** TimescaleDB puts no columnstore policy where there is no refresh, though it leaves one there. */
function withoutIdlePolicy(state: AggregateState): AggregateState {
  if (state.refresh || !state.columnstore) return state;
  const { segmentBy, orderBy } = state.columnstore;
  return { ...state, columnstore: { ...(segmentBy && { segmentBy }), ...(orderBy && { orderBy }) } };
}

function columnsOf({ query }: AggregateState): Set<string> {
  if ('spelled' in query) return new Set();
  return new Set([query.bucket, ...query.groupBy, ...query.select].map(({ as }) => as));
}
