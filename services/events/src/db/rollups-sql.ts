/**
 * The continuous aggregates of the service's schema: the name, the hypertable at the root, and the hypertable that holds
 * what is materialized. One may be made of another; some versions name the view then, some what is behind it.
 */
export const rollupsSql = `
  WITH RECURSIVE rollup AS (
    SELECT
      view_schema, view_name AS name, hypertable_name AS root,
      materialization_hypertable_schema AS inner_schema, materialization_hypertable_name AS inner_name
    FROM timescaledb_information.continuous_aggregates AS aggregate
    WHERE view_schema = 'events' AND hypertable_schema = 'events'
      AND NOT EXISTS (
        SELECT FROM timescaledb_information.continuous_aggregates AS below
        WHERE below.view_schema = aggregate.hypertable_schema AND below.view_name = aggregate.hypertable_name
      )
    UNION
    SELECT
      above.view_schema, above.view_name, below.root,
      above.materialization_hypertable_schema, above.materialization_hypertable_name
    FROM rollup AS below
    JOIN timescaledb_information.continuous_aggregates AS above
      ON (above.hypertable_schema, above.hypertable_name)
        IN ((below.inner_schema, below.inner_name), (below.view_schema, below.name))
  )
  SELECT * FROM rollup`;
