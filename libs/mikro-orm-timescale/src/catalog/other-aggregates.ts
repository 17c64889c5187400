import type { AbstractSqlConnection } from '@mikro-orm/postgresql';

/** The continuous aggregates that `readAggregates` leaves out, because they are not in the schema of what they read. */
export async function otherAggregates(connection: AbstractSqlConnection): Promise<{ schema: string; view: string }[]> {
  return connection.execute(statement);
}

const statement = `
  WITH RECURSIVE beside AS (
    SELECT catalog.*
    FROM _timescaledb_catalog.continuous_agg AS catalog
    JOIN _timescaledb_catalog.hypertable AS hypertable ON hypertable.id = catalog.raw_hypertable_id
    WHERE catalog.parent_mat_hypertable_id IS NULL AND catalog.user_view_schema = hypertable.schema_name
    UNION ALL
    SELECT catalog.*
    FROM _timescaledb_catalog.continuous_agg AS catalog
    JOIN beside ON beside.mat_hypertable_id = catalog.parent_mat_hypertable_id
    WHERE catalog.user_view_schema = beside.user_view_schema
  )
  SELECT user_view_schema AS schema, user_view_name AS view
  FROM _timescaledb_catalog.continuous_agg
  WHERE mat_hypertable_id NOT IN (SELECT mat_hypertable_id FROM beside)
  ORDER BY mat_hypertable_id`;
