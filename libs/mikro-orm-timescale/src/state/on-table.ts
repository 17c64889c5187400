import { DatabaseTable } from '@mikro-orm/postgresql';
import type { HypertableState } from './hypertable-state.ts';

/**
 * MikroORM's snapshots keep of a table what they know, but of a column everything: so the state of a hypertable travels
 * with its time column, into the snapshot file and back.
 */
interface Carrier {
  hypertable?: HypertableState;
}

/** What the table is as a hypertable; undefined for any other table. */
export function hypertableOf(table: DatabaseTable | undefined): HypertableState | undefined {
  return table?.getColumns().find((column): column is typeof column & Carrier => 'hypertable' in column)?.hypertable;
}

/** Makes the table carry the state, into its JSON too; undefined makes it an ordinary table again. */
export function setHypertable(table: DatabaseTable, state: HypertableState | undefined): void {
  for (const column of table.getColumns()) delete (column as Carrier).hypertable;
  if (!state) return;
  const carrier = table.getColumn(state.by.column);
  if (!carrier) throw new Error(`The table "${table.name}" has no column "${state.by.column}".`);
  Object.assign(carrier, { hypertable: state } satisfies Carrier);
  Object.defineProperty(table, 'toJSON', {
    configurable: true,
    value: function (this: DatabaseTable) {
      const json = DatabaseTable.prototype.toJSON.call(this) as { columns: Record<string, object> };
      const hypertable = hypertableOf(this);
      if (hypertable) json.columns[hypertable.by.column] = { ...json.columns[hypertable.by.column], hypertable };
      return json;
    },
  });
}
