import { isDeepStrictEqual } from 'node:util';
import type { Selection } from '../query/selection.ts';
import type { CanonicalWidth, ColumnstoreState, HypertableState, OrderState } from './hypertable-state.ts';
import type { ScheduleState } from './schedule-state.ts';

/**
 * What a continuous aggregate is, in column names; like a hypertable's state the same for the model, the catalog and a
 * snapshot. It is in the schema of the hypertable that it stands on.
 */
export interface AggregateState {
  view: string;
  /** The hypertable or the aggregate that it reads. */
  source: string;
  query: AggregateQuery | SpelledQuery;
  /** The type of a column that is cut into buckets and is not a time. */
  integer?: IntegerType;
  realtime?: boolean;
  chunkInterval?: CanonicalWidth;
  refresh?: false | RefreshState;
  columnstore?: false | ColumnstoreState;
  retention?: HypertableState['retention'];
  indexes?: IndexState[];
}

export type IntegerType = 'smallint' | 'integer' | 'bigint';

/** An aggregate that shall not be there. */
export interface RemovedAggregate {
  view: string;
  removed: true;
}

export type Aggregate = AggregateState | RemovedAggregate;

export function isRemoved(aggregate: Aggregate): aggregate is RemovedAggregate {
  return 'removed' in aggregate;
}

export interface AggregateQuery {
  bucket: {
    column: string;
    /** Of the column, such as timestamptz(6) or bigint. */
    type: string;
    width: CanonicalWidth;
    timeZone?: string;
    origin?: string;
    offset?: CanonicalWidth;
    as: string;
  };
  groupBy: { column: string; as: string }[];
  select: { value: ColumnSelection; as: string }[];
}

/** A selection over columns; SQL of one's own is rendered, with its columns in quotes. */
export type ColumnSelection = Exclude<Selection, { kind: 'raw' }> | { kind: 'sql'; sql: string };

/** A query as PostgreSQL spells it, of which nothing else is known. */
export interface SpelledQuery {
  spelled: string;
}

export interface RefreshState {
  start: CanonicalWidth | null;
  end: CanonicalWidth | null;
  schedule: ScheduleState & { every: string };
  bucketsPerBatch?: number;
  maxBatchesPerExecution?: number;
  refreshNewestFirst?: boolean;
}

export type IndexState = OrderState[];

/** The same query after the columns of its source got other names. */
export function withSourceNames<Query extends AggregateQuery | SpelledQuery>(
  query: Query,
  names: ReadonlyMap<string, string>,
): AggregateQuery | Query {
  if (names.size === 0 || 'spelled' in query) return query;
  const rename = (column: string): string => names.get(column) ?? column;
  return {
    bucket: { ...query.bucket, column: rename(query.bucket.column) },
    groupBy: query.groupBy.map((group) => ({ ...group, column: rename(group.column) })),
    select: query.select.map(({ value, as }) => ({ value: renamed(value, rename), as })),
  };
}

/** Whether it reads this column of its source; said of one whose spelling is all that is known, too. */
export function usesColumn(query: AggregateQuery | SpelledQuery, column: string): boolean {
  if ('spelled' in query) return query.spelled.includes(column);
  const other = `${column} `;
  return !isDeepStrictEqual(withSourceNames(query, new Map([[column, other]])), query);
}

function renamed(value: ColumnSelection, rename: (column: string) => string): ColumnSelection {
  switch (value.kind) {
    case 'sql':
      return { kind: 'sql', sql: renameQuoted(value.sql, rename) };
    case 'count':
      return { ...value, ...(value.property !== undefined && { property: rename(value.property) }) };
    case 'first':
    case 'last':
      return { ...value, property: rename(value.property), by: rename(value.by) };
    default:
      return { ...value, property: rename(value.property) };
  }
}

function renameQuoted(sql: string, rename: (column: string) => string): string {
  return sql.replaceAll(/"((?:[^"]|"")+)"/g, (_quoted, name: string) => {
    const column = rename(name.replaceAll('""', '"'));
    return `"${column.replaceAll('"', '""')}"`;
  });
}
