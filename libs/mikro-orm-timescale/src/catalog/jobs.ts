import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';

export interface Job {
  id: number;
  /** Such as policy_retention, policy_compression, policy_reorder, or a function of your own. */
  procedure: string;
  /** Undefined for a job that belongs to no hypertable. Of a continuous aggregate it is the view. */
  hypertable: { schema: string; name: string } | undefined;
  /** PostgreSQL's spelling of an interval. */
  every: string;
  config: Readonly<Record<string, unknown>>;
  scheduled: boolean;
  status: 'running' | 'scheduled' | 'paused';
  /** Undefined where the scheduler has not looked at it yet. */
  nextStart: Date | undefined;
  /** How often a run that failed is tried again; Infinity is without end. */
  retries: { max: number; every: string };
  /** By the scheduler: runs of `runJob()` do not count. Undefined where it has not run yet. */
  lastRun: JobRun | undefined;
  lastSuccess: Date | undefined;
  runs: { total: number; successes: number; failures: number };
  /** The newest fault that TimescaleDB still remembers, as far as the role may see it. */
  lastError: JobError | undefined;
}

export interface JobRun {
  startedAt: Date;
  /** Undefined while it runs, and where its process died. */
  status: 'success' | 'failed' | undefined;
  durationMs: number | undefined;
}

export interface JobError {
  startedAt: Date;
  /** SQLSTATE. */
  code: string | undefined;
  message: string;
}

/** All jobs, TimescaleDB's own included, by number. */
export async function readJobs(connection: AbstractSqlConnection, ctx?: Transaction): Promise<Job[]> {
  const rows = await connection.execute<Row[]>(statement, [], 'all', ctx);
  return rows.map((row) => ({
    id: row.id,
    procedure: row.procedure,
    hypertable: row.schema === null || row.name === null ? undefined : { schema: row.schema, name: row.name },
    every: row.every,
    config: row.config ?? {},
    scheduled: row.scheduled,
    status: row.status,
    nextStart: dateOf(row.next_start_ms),
    retries: { max: row.max_retries < 0 ? Infinity : row.max_retries, every: row.retry_period },
    lastRun: lastRunOf(row),
    lastSuccess: dateOf(row.last_success_ms),
    runs: { total: row.total_runs, successes: row.total_successes, failures: row.total_failures },
    lastError: row.last_error
      ? {
          startedAt: new Date(row.last_error.started_ms),
          code: row.last_error.code ?? undefined,
          message: row.last_error.message ?? '',
        }
      : undefined,
  }));
}

function lastRunOf(row: Row): JobRun | undefined {
  const startedAt = dateOf(row.last_start_ms);
  if (!startedAt) return undefined;
  const status = row.last_status === 'Success' ? 'success' : row.last_status === 'Failed' ? 'failed' : undefined;
  return { startedAt, status, durationMs: row.last_duration_ms ?? undefined };
}

function dateOf(ms: number | null): Date | undefined {
  return ms === null ? undefined : new Date(ms);
}

interface Row {
  id: number;
  procedure: string;
  schema: string | null;
  name: string | null;
  every: string;
  config: Record<string, unknown> | null;
  scheduled: boolean;
  status: Job['status'];
  next_start_ms: number | null;
  max_retries: number;
  retry_period: string;
  last_start_ms: number | null;
  last_status: string | null;
  last_duration_ms: number | null;
  last_success_ms: number | null;
  total_runs: number;
  total_successes: number;
  total_failures: number;
  last_error: { started_ms: number; code: string | null; message: string | null } | null;
}

// Some versions name what is behind an aggregate. The view of the statistics has a row for each process of a job.
const statement = `
  SELECT
    job.job_id AS id,
    job.proc_name AS procedure,
    coalesce(aggregate.view_schema, job.hypertable_schema) AS schema,
    coalesce(aggregate.view_name, job.hypertable_name) AS name,
    job.schedule_interval::text AS every,
    job.config,
    job.scheduled,
    coalesce(lower(run.job_status), CASE WHEN job.scheduled THEN 'scheduled' ELSE 'paused' END) AS status,
    ${milliseconds('job.next_start')} AS next_start_ms,
    job.max_retries,
    job.retry_period::text AS retry_period,
    ${milliseconds('run.last_run_started_at')} AS last_start_ms,
    run.last_run_status AS last_status,
    extract(epoch FROM run.last_run_duration)::float8 * 1000 AS last_duration_ms,
    ${milliseconds('run.last_successful_finish')} AS last_success_ms,
    coalesce(run.total_runs, 0)::float8 AS total_runs,
    coalesce(run.total_successes, 0)::float8 AS total_successes,
    coalesce(run.total_failures, 0)::float8 AS total_failures,
    (
      SELECT json_build_object(
        'started_ms', ${milliseconds('fault.start_time')}, 'code', fault.sqlerrcode, 'message', fault.err_message
      )
      FROM timescaledb_information.job_errors AS fault
      WHERE fault.job_id = job.job_id
      ORDER BY fault.start_time DESC
      LIMIT 1
    ) AS last_error
  FROM timescaledb_information.jobs AS job
  LEFT JOIN timescaledb_information.continuous_aggregates AS aggregate
    ON aggregate.materialization_hypertable_schema = job.hypertable_schema
    AND aggregate.materialization_hypertable_name = job.hypertable_name
  LEFT JOIN LATERAL (
    SELECT *
    FROM timescaledb_information.job_stats AS stats
    WHERE stats.job_id = job.job_id
    ORDER BY stats.job_status = 'Running' DESC
    LIMIT 1
  ) AS run ON true
  ORDER BY job.job_id`;

function milliseconds(time: string): string {
  return `CASE WHEN isfinite(${time}) THEN extract(epoch FROM ${time})::float8 * 1000 END`;
}
