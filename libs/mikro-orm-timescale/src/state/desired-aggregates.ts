import type { EntityMetadata, MetadataStorage, NamingStrategy } from '@mikro-orm/core';
import type { RefreshOptions } from '../definition/aggregate-options.ts';
import { bucketOptions, checkAggregate } from '../definition/check-aggregate.ts';
import { aggregateOf, removedFrom, rootOf, type DeclaredAggregate } from '../definition/declared-aggregates.ts';
import { InvalidContinuousAggregate } from '../faults.ts';
import type { Selection } from '../query/selection.ts';
import { oneLine } from '../sql/one-line.ts';
import { identifier } from '../sql/target.ts';
import type {
  Aggregate,
  AggregateQuery,
  AggregateState,
  ColumnSelection,
  IntegerType,
  RefreshState,
  RemovedAggregate,
} from './aggregate-state.ts';
import { scheduleState } from './schedule-state.ts';
import { chunkWidth, columnsOf, columnstoreState, orderState, width } from './desired-state.ts';

/**
 * The aggregates on a hypertable whose entities the ORM has, each after those that it reads, and those that there shall
 * not be.
 *
 * @throws InvalidContinuousAggregate
 */
export function desiredAggregates(
  all: MetadataStorage,
  hypertable: EntityMetadata,
  names: NamingStrategy,
): Aggregate[] {
  const declared = [...all.getAll().values()]
    .flatMap((meta) => ({ meta, aggregate: aggregateOf(meta) }))
    .filter((each): each is { meta: EntityMetadata; aggregate: DeclaredAggregate } => each.aggregate !== undefined)
    .filter(({ aggregate }) => rootOf(aggregate.source) === hypertable.class)
    .sort((a, b) => levelOf(a.aggregate) - levelOf(b.aggregate));
  const wanted = declared.map(({ meta, aggregate }) => {
    const source = sourceIn(all, aggregate);
    checkAggregate(aggregate.name, source, aggregate.options);
    const state = desiredAggregate(meta, source, aggregate);
    checkColumnNames(aggregate.name, state);
    return state;
  });
  const removed = removedFrom(hypertable).map(({ name, viewName }): RemovedAggregate & { name: string } => ({
    name,
    view: viewName ?? names.classToTableName(name),
    removed: true,
  }));
  const both = removed.find(({ view }) => wanted.some((each) => each.view === view));
  if (both) {
    throw new InvalidContinuousAggregate(both.name, 'false', `"${both.view}" is declared too`, 'Keep one of the two');
  }
  return [...wanted, ...removed.map(({ view }): RemovedAggregate => ({ view, removed: true }))];
}

function checkColumnNames(name: string, { query }: AggregateState): void {
  if ('spelled' in query) return;
  const columns = [query.bucket, ...query.groupBy, ...query.select].map(({ as }) => as);
  const twice = columns.find((column, at) => columns.indexOf(column) < at);
  if (twice === undefined) return;
  throw new InvalidContinuousAggregate(
    name,
    'select',
    `two of its properties have the column "${twice}"`,
    'Select it under another name',
  );
}

/**
 * Says which aggregates lack what they read.
 *
 * @throws InvalidContinuousAggregate
 */
export function checkSources(all: MetadataStorage): void {
  for (const meta of all.getAll().values()) {
    const aggregate = aggregateOf(meta);
    if (aggregate) sourceIn(all, aggregate);
  }
}

function sourceIn(all: MetadataStorage, { name, source }: DeclaredAggregate): EntityMetadata {
  const found = all.find(source.class);
  if (found) return found;
  throw new InvalidContinuousAggregate(
    name,
    'source',
    `${source.className} is not among the entities`,
    `Add it: entities: [..., ${source.className}]`,
  );
}

/** 1 for one on a hypertable. */
function levelOf({ source }: DeclaredAggregate): number {
  const below = aggregateOf(source);
  return below ? levelOf(below) + 1 : 1;
}

function desiredAggregate(
  meta: EntityMetadata,
  source: EntityMetadata,
  { options }: DeclaredAggregate,
): AggregateState {
  const { realtime, chunkInterval, refresh, columnstore, retention, indexes } = options;
  const columns = (property: string): string[] => columnsOf(meta, property);
  return {
    view: meta.collection,
    source: source.collection,
    query: queryOf(meta, source, options),
    ...(typeof bucketOptions(options.bucket).width === 'number' && { integer: integerType(source, options) }),
    ...(realtime !== undefined && { realtime }),
    ...(chunkInterval !== undefined && { chunkInterval: chunkWidth(chunkInterval) }),
    ...(refresh !== undefined && { refresh: refresh && refreshState(refresh) }),
    ...(columnstore !== undefined && {
      columnstore: columnstore && columnstoreState(columnstore, columns, 'bucket'),
    }),
    ...(retention !== undefined && {
      retention: retention && { dropAfter: width(retention.dropAfter), ...scheduleState(retention) },
    }),
    ...(indexes !== undefined && {
      indexes: indexes.map((index) => orderState(index, columns)).sort(bySpelling),
    }),
  };
}

function queryOf(meta: EntityMetadata, source: EntityMetadata, options: DeclaredAggregate['options']): AggregateQuery {
  const { groupBy = [], select } = options;
  const as = (property: string): string => columnsOf(meta, property)[0] ?? property;
  return {
    bucket: bucketOf(source, as('bucket'), bucketOptions(options.bucket)),
    groupBy: groupBy.flatMap((property) => {
      const names = columnsOf(meta, property);
      return columnsOf(source, property).map((column, at) => ({ column, as: names[at] ?? column }));
    }),
    select: Object.entries(select).map(([name, selection]) => ({ value: inColumns(source, selection), as: as(name) })),
  };
}

function bucketOf(
  source: EntityMetadata,
  as: string,
  { by, width: given, timeZone, origin, offset }: ReturnType<typeof bucketOptions>,
): AggregateQuery['bucket'] {
  return {
    column: columnsOf(source, by)[0] ?? by,
    type: columnType(source, by),
    width: width(given),
    ...(timeZone !== undefined && { timeZone }),
    ...(origin !== undefined && { origin: origin instanceof Date ? origin.toISOString() : origin }),
    ...(offset !== undefined && { offset: width(offset) }),
    as,
  };
}

function integerType(source: EntityMetadata, { bucket }: DeclaredAggregate['options']): IntegerType {
  const type = columnType(source, bucketOptions(bucket).by);
  if (/^(smallint|smallserial|int2)/i.test(type)) return 'smallint';
  return /^(bigint|bigserial|int8)/i.test(type) ? 'bigint' : 'integer';
}

function columnType(source: EntityMetadata, property: string): string {
  const properties = source.properties as Readonly<Record<string, { columnTypes: string[] }>>;
  return properties[property]?.columnTypes[0] ?? 'timestamptz';
}

function inColumns(source: EntityMetadata, selection: Selection): ColumnSelection {
  const column = (property: string): string => columnsOf(source, property)[0] ?? property;
  switch (selection.kind) {
    case 'raw':
      return { kind: 'sql', sql: oneLine(selection.sql(quotedColumns(source))) };
    case 'count':
      return { kind: 'count', ...(selection.property !== undefined && { property: column(selection.property) }) };
    case 'first':
    case 'last':
      return { ...selection, property: column(selection.property), by: column(selection.by) };
    default:
      return { ...selection, property: column(selection.property) };
  }
}

function quotedColumns(meta: EntityMetadata): Record<string, string> {
  const names = Object.keys(meta.properties);
  return Object.fromEntries(names.map((name) => [name, identifier(columnsOf(meta, name)[0] ?? name)]));
}

function refreshState(refresh: RefreshOptions): RefreshState {
  const { start, end, every, bucketsPerBatch, maxBatchesPerExecution, refreshNewestFirst } = refresh;
  return {
    start: start === null ? null : width(start),
    end: end === null ? null : width(end),
    schedule: { ...scheduleState(refresh).schedule, every: String(width(every)) },
    ...(bucketsPerBatch !== undefined && { bucketsPerBatch }),
    ...(maxBatchesPerExecution !== undefined && { maxBatchesPerExecution }),
    ...(refreshNewestFirst !== undefined && { refreshNewestFirst }),
  };
}

function bySpelling(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
