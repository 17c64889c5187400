import { literal, type Target } from './target.ts';

/** A FROM item with the hypertable that holds the materialized buckets, as the column `materialization`. */
export function materializationOf({ schema, table }: Target): string {
  const schemaSql = schema === undefined ? 'current_schema()' : literal(schema);
  return (
    `(select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass as materialization ` +
    `from timescaledb_information.continuous_aggregates where view_schema = ${schemaSql} and view_name = ${literal(table)}) as aggregate`
  );
}
