/**
 * The common table expression `every`: hypertables under their own names, continuous aggregates under their views', each
 * with the hypertable that holds its chunks.
 */
export const everyHypertable = `
  every (schema, name, holder_schema, holder_name, columnstore, aggregate) AS (
    SELECT
      hypertable_schema, hypertable_name, hypertable_schema, hypertable_name, compression_enabled, false
    FROM timescaledb_information.hypertables
    UNION ALL
    SELECT
      view_schema, view_name, materialization_hypertable_schema, materialization_hypertable_name,
      compression_enabled, true
    FROM timescaledb_information.continuous_aggregates
  )`;
