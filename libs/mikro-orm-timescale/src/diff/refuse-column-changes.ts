import type { TableDifference } from '@mikro-orm/postgresql';
import { ImpossibleChange } from '../faults.ts';
import type { ColumnstoreState, HypertableState } from '../state/hypertable-state.ts';

/**
 * What TimescaleDB (2.23) does to no table with a columnstore, said before a migration runs into it.
 *
 * @param from in the names from before the changes
 * @throws ImpossibleChange
 */
export function refuseColumnChanges(
  hypertable: string,
  from: HypertableState,
  to: HypertableState,
  changes: TableDifference,
): void {
  if (!from.columnstore || to.columnstore === false) return;
  const refuse = (problem: string, remedy: string): never => {
    throw new ImpossibleChange(hypertable, `${problem} while the columnstore is on`, remedy);
  };
  for (const { column, changedProperties } of Object.values(changes.changedColumns)) {
    if (!['type', 'collation'].some((property) => changedProperties.has(property))) continue;
    refuse(`the type of "${column.name}" cannot change`, `Say columnstore: false with the change, ${onAgain}`);
  }
  for (const name of Object.keys(changes.removedColumns)) {
    const option = usedBy(from.columnstore, name);
    if (!option) continue;
    refuse(
      `"${name}" is in columnstore.${option} and cannot be dropped`,
      `Take it out of there one migration earlier, or say columnstore: false with the change, ${onAgain}`,
    );
  }
  for (const column of Object.values(changes.addedColumns)) {
    if (column.generated) {
      refuse(
        `"${column.name}" cannot be added as a generated column`,
        `Say columnstore: false with the change, ${onAgain}`,
      );
    }
    if (!column.nullable && (column.default ?? null) === null && !column.autoincrement) {
      refuse(`"${column.name}" cannot be added without a default`, 'Make it nullable or give it a constant default');
    }
  }
}

const onAgain = 'and switch it on again in the next migration';

function usedBy({ segmentBy = [], orderBy = [] }: ColumnstoreState, column: string): string | undefined {
  if (segmentBy.includes(column)) return 'segmentBy';
  return orderBy.some((order) => order.column === column) ? 'orderBy' : undefined;
}
