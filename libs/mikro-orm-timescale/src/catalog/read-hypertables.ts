import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';
import { fixedWidth, formatInterval, parseInterval } from '../interval.ts';
import {
  byColumn,
  orFalse,
  type CanonicalWidth,
  type DimensionState,
  type HypertableState,
  type OrderState,
  type SparseIndexState,
} from '../state/hypertable-state.ts';
import { orderBySql } from './order-by.ts';
import { jobScheduleSql, scheduleOfJob, type JobSchedule } from './job-schedule.ts';

export interface FoundHypertable {
  schema: string;
  table: string;
  state: HypertableState;
}

/** Every hypertable of the database as it is, those behind continuous aggregates left out; none without TimescaleDB. */
export async function readHypertables(
  connection: AbstractSqlConnection,
  ctx?: Transaction,
): Promise<FoundHypertable[]> {
  const installed = await connection.execute<unknown[]>(
    `SELECT FROM pg_extension WHERE extname = 'timescaledb'`,
    [],
    'all',
    ctx,
  );
  if (installed.length === 0) return [];
  const rows = await connection.execute<Row[]>(statement, [], 'all', ctx);
  return rows.map((row) => ({ schema: row.schema, table: row.name, state: stateOf(row) }));
}

interface Row {
  schema: string;
  name: string;
  dimensions: {
    column: string;
    partitions: number | null;
    /** Microseconds, or a number of whatever the integer column counts. */
    length: number | null;
    is_integer: boolean;
    is_uuid: boolean;
    now_schema: string | null;
    now_name: string | null;
  }[];
  columnstore: boolean;
  segment_by: string[] | null;
  order_by: OrderState[] | null;
  /** Null where TimescaleDB chooses them, and before 2.22. */
  sparse_indexes: SparseIndexState[] | null;
  chunk_skipping: string[] | null;
  policies: Record<string, Policy> | null;
  own_indexes: string[] | null;
}

interface Policy {
  config: Record<string, string | number>;
  schedule: JobSchedule;
}

// Columns that are gone can be left in the lists of sparse indexes (2.23) and of chunk skipping.
// TimescaleDB's own indexes are (time DESC) and (space, time DESC), under the names that PostgreSQL chooses.
const statement = `
  SELECT
    hypertable.hypertable_schema AS schema,
    hypertable.hypertable_name AS name,
    hypertable.compression_enabled AS columnstore,
    to_json(settings.segmentby) AS segment_by,
    ${orderBySql('settings')} AS order_by,
    (
      SELECT coalesce(
        json_agg(json_build_object('kind', sparse.item ->> 'type', 'column', sparse.item ->> 'column'))
          FILTER (WHERE sparse.item ->> 'column' IN (SELECT attname FROM pg_attribute WHERE attrelid = relation)),
        '[]'
      )
      FROM jsonb_array_elements(nullif(to_jsonb(settings) -> 'index', 'null')) AS sparse (item)
      WHERE sparse.item ->> 'source' = 'config'
      HAVING count(*) > 0
    ) AS sparse_indexes,
    (
      SELECT json_agg(skipping.column_name)
      FROM _timescaledb_catalog.chunk_column_stats AS skipping
      JOIN pg_attribute AS own ON own.attrelid = relation AND own.attname = skipping.column_name
      WHERE skipping.hypertable_id = catalog.id AND coalesce(skipping.chunk_id, 0) = 0
    ) AS chunk_skipping,
    (
      SELECT json_agg(
        json_build_object(
          'column', dimension.column_name,
          'partitions', dimension.num_slices,
          'length', dimension.interval_length,
          'is_integer', dimension.column_type IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype),
          'is_uuid', dimension.column_type = 'uuid'::regtype,
          'now_schema', dimension.integer_now_func_schema,
          'now_name', dimension.integer_now_func
        )
        ORDER BY dimension.id
      )
      FROM _timescaledb_catalog.dimension AS dimension
      WHERE dimension.hypertable_id = catalog.id
    ) AS dimensions,
    (
      SELECT json_object_agg(
        job.proc_name,
        json_build_object('config', job.config, 'schedule', ${jobScheduleSql('job')})
      )
      FROM timescaledb_information.jobs AS job
      WHERE job.hypertable_schema = hypertable.hypertable_schema
        AND job.hypertable_name = hypertable.hypertable_name
        AND job.proc_name IN ('policy_retention', 'policy_compression', 'policy_reorder')
    ) AS policies,
    (
      SELECT json_agg(index.relname ORDER BY index.relname)
      FROM pg_index
      JOIN pg_class AS index ON index.oid = pg_index.indexrelid
      JOIN pg_attribute AS last_column
        ON last_column.attrelid = relation AND last_column.attnum = pg_index.indkey[pg_index.indnkeyatts - 1]
      JOIN _timescaledb_catalog.dimension AS time
        ON time.hypertable_id = catalog.id AND time.column_name = last_column.attname AND time.num_slices IS NULL
      WHERE pg_index.indrelid = relation
        AND NOT pg_index.indisunique
        AND pg_index.indpred IS NULL
        AND pg_index.indexprs IS NULL
        AND (
          pg_index.indnkeyatts = 1
          OR pg_index.indnkeyatts = 2 AND EXISTS (
            SELECT
            FROM pg_attribute AS first_column
            JOIN _timescaledb_catalog.dimension AS space
              ON space.hypertable_id = catalog.id
              AND space.column_name = first_column.attname
              AND space.num_slices IS NOT NULL
            WHERE first_column.attrelid = relation AND first_column.attnum = pg_index.indkey[0]
          )
        )
        AND pg_index.indoption[pg_index.indnkeyatts - 1] = 3
        AND index.relname ~ '_idx[0-9]*$'
    ) AS own_indexes
  FROM timescaledb_information.hypertables AS hypertable
  JOIN _timescaledb_catalog.hypertable AS catalog
    ON catalog.schema_name = hypertable.hypertable_schema AND catalog.table_name = hypertable.hypertable_name
  CROSS JOIN LATERAL CAST(
    format('%I.%I', hypertable.hypertable_schema, hypertable.hypertable_name) AS regclass
  ) AS relation
  LEFT JOIN _timescaledb_catalog.compression_settings AS settings ON settings.relid = relation
  ORDER BY hypertable.hypertable_schema, hypertable.hypertable_name`;

function stateOf(row: Row): HypertableState {
  const [time, ...others] = row.dimensions;
  if (!time) throw new Error(`The hypertable "${row.schema}"."${row.name}" has no dimension.`);
  const { policy_retention: retention, policy_compression: compression, policy_reorder: reorder } = row.policies ?? {};
  return {
    by: { column: time.column, interval: chunkWidth(time), ...(time.is_uuid && { uuid: true as const }) },
    ...(time.now_schema !== null &&
      time.now_name !== null && { integerNow: { schema: time.now_schema, name: time.now_name } }),
    dimensions: others.map(dimensionState),
    columnstore: row.columnstore && {
      ...(row.segment_by && { segmentBy: row.segment_by }),
      ...(row.order_by && { orderBy: row.order_by }),
      ...(row.sparse_indexes && { sparseIndexes: orFalse(byColumn(row.sparse_indexes)) }),
      ...(compression
        ? { after: policyWidth(compression.config['compress_after']), schedule: scheduleOfJob(compression.schedule) }
        : { after: false }),
    },
    chunkSkipping: orFalse((row.chunk_skipping ?? []).sort()),
    retention: retention
      ? { dropAfter: policyWidth(retention.config['drop_after']), schedule: scheduleOfJob(retention.schedule) }
      : false,
    reorder: reorder
      ? { index: String(reorder.config['index_name']), schedule: scheduleOfJob(reorder.schedule) }
      : false,
    ...(row.own_indexes && { ownIndexes: row.own_indexes }),
  };
}

function dimensionState(dimension: Row['dimensions'][number]): DimensionState {
  const { column, partitions } = dimension;
  return partitions === null
    ? { kind: 'range', column, interval: chunkWidth(dimension) }
    : { kind: 'hash', column, partitions };
}

function chunkWidth({ length, is_integer: isInteger }: Row['dimensions'][number]): CanonicalWidth {
  const width = Number(length);
  return isInteger ? width : formatInterval(fixedWidth({ months: 0, days: 0, micros: width }));
}

function policyWidth(given: string | number | undefined): CanonicalWidth {
  if (typeof given === 'number') return given;
  const interval = parseInterval(given ?? '');
  return interval ? formatInterval(interval) : String(given);
}
