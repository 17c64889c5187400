import { DatabaseTable } from '@mikro-orm/postgresql';
import type { Aggregate } from './aggregate-state.ts';
import type { HypertableState } from './hypertable-state.ts';

/**
 * MikroORM's snapshots keep of a table what they know, but of a column everything: so the state of a hypertable travels
 * with its time column, into the snapshot file and back.
 */
interface Carrier {
  hypertable?: HypertableState;
  /** Those that stand on it, each after those that it reads. */
  aggregates?: Aggregate[];
}

/** What the table is as a hypertable; undefined for any other table. */
export function hypertableOf(table: DatabaseTable | undefined): HypertableState | undefined {
  return carrierOf(table)?.hypertable;
}

/** The continuous aggregates on the table, or that there shall not be. */
export function aggregatesOf(table: DatabaseTable | undefined): Aggregate[] {
  return carrierOf(table)?.aggregates ?? [];
}

/** Makes the table carry the state, into its JSON too; undefined makes it an ordinary table again. */
export function setHypertable(
  table: DatabaseTable,
  hypertable: HypertableState | undefined,
  aggregates: Aggregate[] = [],
): void {
  for (const column of table.getColumns() as Carrier[]) {
    delete column.hypertable;
    delete column.aggregates;
  }
  if (!hypertable) return;
  const carrier = table.getColumn(hypertable.by.column);
  if (!carrier) throw new Error(`The table "${table.name}" has no column "${hypertable.by.column}".`);
  Object.assign(carrier, { hypertable, ...(aggregates.length > 0 && { aggregates }) } satisfies Carrier);
  Object.defineProperty(table, 'toJSON', {
    configurable: true,
    value: function (this: DatabaseTable) {
      const json = DatabaseTable.prototype.toJSON.call(this) as { columns: Record<string, object> };
      const { hypertable, aggregates } = carrierOf(this) ?? {};
      if (!hypertable) return json;
      const { column } = hypertable.by;
      json.columns[column] = { ...json.columns[column], hypertable, ...(aggregates && { aggregates }) };
      return json;
    },
  });
}

function carrierOf(table: DatabaseTable | undefined): Carrier | undefined {
  return table?.getColumns().find((column): column is typeof column & Carrier => 'hypertable' in column);
}
