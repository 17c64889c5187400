/**
 * How long each hypertable of the service keeps its chunks: as the service's own job has it, and else as TimescaleDB's
 * policy does. The Apache edition runs no policy, even where the database brought one along from the other edition.
 */
export const retentionsSql = `
  SELECT hypertable, drop_after AS kept, 'service' AS dropped_by
  FROM events.retentions
  UNION ALL
  SELECT hypertable_name, CAST(config ->> 'drop_after' AS interval), 'policy'
  FROM timescaledb_information.jobs
  WHERE proc_name = 'policy_retention' AND hypertable_schema = 'events'
    AND current_setting('timescaledb.license') = 'timescale'
    AND hypertable_name NOT IN (SELECT hypertable FROM events.retentions)`;
