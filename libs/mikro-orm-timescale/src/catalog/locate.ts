import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';
import type { QualifiedName } from '../state/hypertable-state.ts';
import { everyHypertable } from './every-hypertable.ts';

/** A hypertable or a continuous aggregate, as it goes by to its users and as TimescaleDB stores it. */
export interface Located {
  /** Of the table, or of the view of an aggregate. */
  schema: string;
  name: string;
  /** Whose chunks it has: itself, or what is behind the aggregate. */
  holder: QualifiedName;
  aggregate: boolean;
  /** Switched on. */
  columnstore: boolean;
  /** Of the column that chooses the chunk, such as `timestamp with time zone`. */
  columnType: string;
}

/** @returns what there is instead: a relation of another kind, or nothing */
export async function locate(
  connection: AbstractSqlConnection,
  { schema, name }: QualifiedName,
  ctx?: Transaction,
): Promise<Located | 'other' | 'nothing'> {
  const [row] = await connection.execute<Row[]>(statement, [schema, name], 'all', ctx);
  if (!row?.holder) return row?.there ? 'other' : 'nothing';
  const { holder, aggregate, columnstore, column_type: columnType } = row;
  return { schema, name, holder, aggregate, columnstore, columnType };
}

interface Row {
  there: boolean;
  holder: QualifiedName | null;
  aggregate: boolean;
  columnstore: boolean;
  column_type: string;
}

const statement = `
  WITH wanted (schema, name) AS (SELECT CAST(? AS text), CAST(? AS text)), ${everyHypertable}
  SELECT
    to_regclass(format('%I.%I', wanted.schema, wanted.name)) IS NOT NULL AS there,
    CASE
      WHEN every.name IS NOT NULL THEN json_build_object('schema', every.holder_schema, 'name', every.holder_name)
    END AS holder,
    every.aggregate,
    every.columnstore,
    (
      SELECT dimension.column_type::text
      FROM _timescaledb_catalog.hypertable AS hypertable
      JOIN _timescaledb_catalog.dimension AS dimension ON dimension.hypertable_id = hypertable.id
      WHERE hypertable.schema_name = every.holder_schema AND hypertable.table_name = every.holder_name
      ORDER BY dimension.id
      LIMIT 1
    ) AS column_type
  FROM wanted
  LEFT JOIN every ON every.schema = wanted.schema AND every.name = wanted.name`;
