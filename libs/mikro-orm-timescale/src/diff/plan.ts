import type { DatabaseSchema, DatabaseTable, SchemaDifference, TableDifference } from '@mikro-orm/postgresql';
import { refuseRows } from '../sql/hypertable.ts';
import { isRemoved, type Aggregate } from '../state/aggregate-state.ts';
import { withColumnNames, withoutColumns, type HypertableState } from '../state/hypertable-state.ts';
import { aggregatesOf, hypertableOf } from '../state/on-table.ts';
import { targetOf } from '../state/target-of.ts';
import { createAggregates, diffAggregates } from './diff-aggregates.ts';
import { convertSteps, createSteps, diffHypertable } from './diff-hypertable.ts';
import { refuseColumnChanges } from './refuse-column-changes.ts';
import type { Step } from './step.ts';

/**
 * What has to happen to the hypertables and their aggregates, besides what MikroORM does to the tables.
 *
 * @param difference MikroORM's, which knows the columns that got other names
 * @param functions the schema of the extension
 * @throws ImpossibleChange
 */
export function planSteps(
  from: DatabaseSchema,
  to: DatabaseSchema,
  difference: SchemaDifference,
  functions: string,
): Step[] {
  return to.getTables().flatMap((table) => {
    const wanted = hypertableOf(table);
    if (!wanted) return [];
    const target = targetOf(table, functions);
    const aggregates = { aggregates: aggregatesOf(table), retention: wanted.retention };
    const before = from.getTable(table.getShortestName(false));
    const elsewhere = aggregatesElsewhere(from, table);
    const create = (): Step[] => createAggregates(target, elsewhere, aggregates);
    if (!before) return [...createSteps(target, wanted), ...create()];
    const present = hypertableOf(before);
    if (!present) return [...convertSteps(target, wanted), ...create()];
    const changes = difference.changedTables[table.getShortestName(false)];
    if (changes) refuseColumnChanges(table.getShortestName(false), present, wanted, changes);
    const presentAggregates = {
      aggregates: [...aggregatesOf(before), ...elsewhere],
      retention: present.retention,
      names: renamedColumns(changes),
      retyped: retypedColumns(changes),
    };
    return [
      ...diffHypertable(target, changes ? afterChanges(present, changes) : present, wanted, present),
      ...diffAggregates(target, presentAggregates, aggregates),
    ];
  });
}

/** Those that the model wants on this hypertable, and that stand on another one. */
function aggregatesElsewhere(from: DatabaseSchema, table: DatabaseTable): Aggregate[] {
  const wanted = new Set(aggregatesOf(table).map(({ view }) => view));
  return from
    .getTables()
    .filter((other) => other.schema === table.schema && other.name !== table.name)
    .flatMap((other) => aggregatesOf(other))
    .filter((aggregate) => wanted.has(aggregate.view) && !isRemoved(aggregate));
}

/** Statements for a `down` that must not drop rows with the tables that its `up` creates. */
export function refuseToDropRows(down: SchemaDifference, functions: string): string[] {
  return Object.values(down.removedTables)
    .filter((table) => hypertableOf(table))
    .map((table) => refuseRows(targetOf(table, functions)));
}

/** The new name of each column that gets one. */
export function renamedColumns({ renamedColumns = {} }: Partial<TableDifference> = {}): ReadonlyMap<string, string> {
  return new Map(Object.entries(renamedColumns).map(([old, { name }]) => [old, name]));
}

function retypedColumns({ changedColumns = {} }: Partial<TableDifference> = {}): ReadonlySet<string> {
  return new Set(Object.keys(changedColumns).filter((name) => changedColumns[name]?.changedProperties.has('type')));
}

/** The same hypertable in the column names that MikroORM's own statements lead to. */
function afterChanges(state: HypertableState, changes: TableDifference): HypertableState {
  const removed = new Set(Object.keys(changes.removedColumns));
  return withColumnNames(withoutColumns(state, removed), renamedColumns(changes));
}
