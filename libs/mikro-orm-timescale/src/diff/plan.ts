import type { DatabaseSchema, DatabaseTable, SchemaDifference } from '@mikro-orm/postgresql';
import { refuseRows } from '../sql/hypertable.ts';
import { withColumnNames, type HypertableState } from '../state/hypertable-state.ts';
import { hypertableOf } from '../state/on-table.ts';
import { targetOf } from '../state/target-of.ts';
import { convertSteps, createSteps, diffHypertable } from './diff-hypertable.ts';
import type { Step } from './step.ts';

/**
 * What has to happen to the hypertables, besides what MikroORM does to the tables.
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
    const before = from.getTable(table.getShortestName(false));
    if (!before) return createSteps(target, wanted);
    const present = hypertableOf(before);
    if (!present) return convertSteps(target, wanted);
    return diffHypertable(target, renamed(present, table, difference), wanted, present);
  });
}

/** Statements for a `down` that must not drop rows with the tables that its `up` creates. */
export function refuseToDropRows(down: SchemaDifference, functions: string): string[] {
  return Object.values(down.removedTables)
    .filter((table) => hypertableOf(table))
    .map((table) => refuseRows(targetOf(table, functions)));
}

function renamed(state: HypertableState, table: DatabaseTable, difference: SchemaDifference): HypertableState {
  const columns = difference.changedTables[table.getShortestName(false)]?.renamedColumns ?? {};
  return withColumnNames(state, new Map(Object.entries(columns).map(([old, { name }]) => [old, name])));
}
