import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';
import { fixedWidth, formatInterval, parseInterval } from '../interval.ts';
import type { AggregateState, IntegerType, RefreshState } from '../state/aggregate-state.ts';
import type { CanonicalWidth, OrderState } from '../state/hypertable-state.ts';
import { orderBySql } from './order-by.ts';
import { jobScheduleSql, scheduleOfJob, type JobSchedule } from './job-schedule.ts';

export interface FoundAggregate {
  /** Of the view and of the hypertable at the bottom. */
  schema: string;
  hypertable: string;
  state: AggregateState;
}

/**
 * Every continuous aggregate that is in the schema of its hypertable, as it is; each after those that it reads. The
 * extension has to be there.
 */
export async function readAggregates(connection: AbstractSqlConnection, ctx?: Transaction): Promise<FoundAggregate[]> {
  const rows = await connection.execute<Row[]>(statement, [], 'all', ctx);
  return rows.map((row) => ({ schema: row.schema, hypertable: row.hypertable, state: stateOf(row) }));
}

interface Row {
  schema: string;
  view: string;
  hypertable: string;
  source: string;
  definition: string;
  realtime: boolean;
  time_type: string;
  /** Microseconds, or a number of whatever the integer column counts. */
  chunk_length: string;
  columnstore: boolean;
  segment_by: string[] | null;
  order_by: OrderState[] | null;
  policies: Record<string, Policy> | null;
  indexes: OrderState[][] | null;
}

interface Policy {
  config: Record<string, string | number | boolean | null>;
  schedule: JobSchedule;
}

const statement = `
  WITH RECURSIVE aggregate AS (
    SELECT
      catalog.*,
      hypertable.schema_name AS hypertable_schema,
      hypertable.table_name AS hypertable,
      hypertable.table_name AS source,
      1 AS level
    FROM _timescaledb_catalog.continuous_agg AS catalog
    JOIN _timescaledb_catalog.hypertable AS hypertable ON hypertable.id = catalog.raw_hypertable_id
    WHERE catalog.parent_mat_hypertable_id IS NULL
    UNION ALL
    SELECT
      catalog.*,
      parent.hypertable_schema,
      parent.hypertable,
      parent.user_view_name,
      parent.level + 1
    FROM _timescaledb_catalog.continuous_agg AS catalog
    JOIN aggregate AS parent ON parent.mat_hypertable_id = catalog.parent_mat_hypertable_id
    WHERE catalog.user_view_schema = parent.user_view_schema
  )
  SELECT
    aggregate.user_view_schema AS schema,
    aggregate.user_view_name AS view,
    aggregate.hypertable,
    aggregate.source,
    pg_get_viewdef(CAST(format('%I.%I', aggregate.direct_view_schema, aggregate.direct_view_name) AS regclass)) AS definition,
    NOT aggregate.materialized_only AS realtime,
    CAST(dimension.column_type AS text) AS time_type,
    dimension.interval_length AS chunk_length,
    settings.relid IS NOT NULL AS columnstore,
    to_json(settings.segmentby) AS segment_by,
    ${orderBySql('settings')} AS order_by,
    (
      SELECT json_object_agg(
        job.proc_name,
        json_build_object('config', job.config, 'schedule', ${jobScheduleSql('job')})
      )
      FROM timescaledb_information.jobs AS job
      JOIN _timescaledb_config.bgw_job AS stored ON stored.id = job.job_id
      WHERE stored.hypertable_id = aggregate.mat_hypertable_id
    ) AS policies,
    (
      SELECT json_agg(keys.columns ORDER BY CAST(keys.columns AS text))
      FROM pg_index
      CROSS JOIN LATERAL (
        SELECT json_agg(
          json_build_object(
            'column', attribute.attname,
            'descending', pg_index.indoption[key.number - 1] & 1 = 1,
            'nullsFirst', pg_index.indoption[key.number - 1] & 2 = 2
          )
          ORDER BY key.number
        ) AS columns
        FROM unnest(pg_index.indkey) WITH ORDINALITY AS key (attribute, number)
        JOIN pg_attribute AS attribute ON attribute.attrelid = relation AND attribute.attnum = key.attribute
      ) AS keys
      WHERE pg_index.indrelid = relation
        AND pg_index.indexprs IS NULL
        -- TimescaleDB always makes one on the bucket.
        AND NOT (pg_index.indnkeyatts = 1 AND EXISTS (
          SELECT FROM pg_attribute AS bucket
          WHERE bucket.attrelid = relation
            AND bucket.attnum = pg_index.indkey[0]
            AND bucket.attname = dimension.column_name
        ))
    ) AS indexes
  FROM aggregate
  JOIN _timescaledb_catalog.hypertable AS materialization ON materialization.id = aggregate.mat_hypertable_id
  JOIN _timescaledb_catalog.dimension AS dimension ON dimension.hypertable_id = materialization.id
  JOIN timescaledb_information.continuous_aggregates AS information
    ON information.view_schema = aggregate.user_view_schema AND information.view_name = aggregate.user_view_name
  CROSS JOIN LATERAL CAST(format('%I.%I', materialization.schema_name, materialization.table_name) AS regclass) AS relation
  LEFT JOIN _timescaledb_catalog.compression_settings AS settings
    ON settings.relid = relation AND information.compression_enabled
  WHERE aggregate.user_view_schema = aggregate.hypertable_schema
  ORDER BY aggregate.level, aggregate.mat_hypertable_id`;

function stateOf(row: Row): AggregateState {
  const policies = row.policies ?? {};
  const { policy_refresh_continuous_aggregate: refresh, policy_compression: compression } = policies;
  return {
    view: row.view,
    source: row.source,
    query: { spelled: row.definition },
    ...(isInteger(row.time_type) && { integer: row.time_type }),
    realtime: row.realtime,
    chunkInterval: chunkWidth(row),
    refresh: refresh ? refreshState(refresh) : false,
    columnstore: row.columnstore && {
      ...(row.segment_by && { segmentBy: row.segment_by }),
      ...(row.order_by && { orderBy: row.order_by }),
      after: width(compression?.config['compress_after']) ?? false,
      ...(compression && { schedule: scheduleOfJob(compression.schedule) }),
    },
    retention: retentionState(policies['policy_retention']),
    indexes: row.indexes ?? [],
  };
}

function retentionState(policy: Policy | undefined): AggregateState['retention'] {
  const dropAfter = width(policy?.config['drop_after']);
  return policy && dropAfter !== null ? { dropAfter, schedule: scheduleOfJob(policy.schedule) } : false;
}

function refreshState({ config, schedule }: Policy): RefreshState {
  const { buckets_per_batch: perBatch, max_batches_per_execution: batches, refresh_newest_first: newest } = config;
  return {
    start: width(config['start_offset']),
    end: width(config['end_offset']),
    schedule: { every: schedule.every, ...scheduleOfJob(schedule) },
    ...(typeof perBatch === 'number' && { bucketsPerBatch: perBatch }),
    ...(typeof batches === 'number' && { maxBatchesPerExecution: batches }),
    ...(typeof newest === 'boolean' && { refreshNewestFirst: newest }),
  };
}

function chunkWidth({ chunk_length: length, time_type: type }: Row): CanonicalWidth {
  const width = Number(length);
  return isInteger(type) ? width : formatInterval(fixedWidth({ months: 0, days: 0, micros: width }));
}

function isInteger(type: string): type is IntegerType {
  return type === 'smallint' || type === 'integer' || type === 'bigint';
}

function width(given: string | number | boolean | null | undefined): CanonicalWidth | null {
  if (typeof given === 'number') return given;
  if (typeof given !== 'string') return null;
  const interval = parseInterval(given);
  return interval ? formatInterval(interval) : given;
}
