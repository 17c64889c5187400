import type pg from 'pg';
import type { Job, JobKind } from '../domain/job.ts';
import { query } from './query.ts';
import { rollupsSql } from './rollups-sql.ts';

/** A job, and whether it belongs to the owner of the rollups. */
export interface OwnedJob extends Job {
  readonly ofRollups: boolean;
}

interface Row {
  id: string;
  procedure: string;
  target: string;
  schedule_interval: string;
  last_run_us: string | null;
  last_status: string | null;
  last_error_code: string | null;
  next_run_us: string | null;
  run_count: string;
  failure_count: string;
  of_rollups: boolean;
}

const kinds: Readonly<Record<string, JobKind>> = {
  policy_retention: 'retention',
  policy_compression: 'columnstore',
  policy_refresh_continuous_aggregate: 'refresh',
};

/** The id of what the service itself does where the edition has no policies. */
export const serviceRetention = 'retention';

/**
 * TimescaleDB's jobs for the service's hypertables and rollups, and the service's own.
 *
 * @param intervalMs from one run of the service's own to the next
 */
export async function listJobs(pool: pg.Pool, signal: AbortSignal, intervalMs: number): Promise<OwnedJob[]> {
  const rows = await query<Row>(pool, signal, statement, [intervalMs]);
  return rows.map((row) => ({
    id: row.id,
    kind: kinds[row.procedure] ?? 'other',
    target: row.target,
    scheduleInterval: row.schedule_interval,
    lastRunTime: row.last_run_us === null ? undefined : Number(row.last_run_us),
    lastOutcome: row.last_status === 'Success' ? 'success' : row.last_status === 'Failed' ? 'failure' : undefined,
    lastErrorCode: row.last_error_code ?? '',
    nextRunTime: row.next_run_us === null ? undefined : Number(row.next_run_us),
    runCount: Number(row.run_count),
    failureCount: Number(row.failure_count),
    ofRollups: row.of_rollups,
  }));
}

// The Apache edition runs no policy, even where the database brought one along from the other edition. The view of the
// statistics has a row for each process of a job.
const statement = `
  SELECT
    job.job_id::text AS id,
    job.proc_name AS procedure,
    coalesce(rollup.name, job.hypertable_name) AS target,
    job.schedule_interval::text AS schedule_interval,
    ${micros('run.last_run_started_at')} AS last_run_us,
    run.last_run_status AS last_status,
    (
      SELECT fault.sqlerrcode FROM timescaledb_information.job_errors AS fault
      WHERE fault.job_id = job.job_id
      ORDER BY fault.start_time DESC LIMIT 1
    ) AS last_error_code,
    ${micros('job.next_start')} AS next_run_us,
    coalesce(run.total_runs, 0) AS run_count,
    coalesce(run.total_failures, 0) AS failure_count,
    job.owner::text = 'tidemark_events_rollups' AS of_rollups
  FROM timescaledb_information.jobs AS job
  LEFT JOIN (${rollupsSql}) AS rollup
    ON (job.hypertable_schema, job.hypertable_name)
      IN ((rollup.inner_schema, rollup.inner_name), (rollup.view_schema, rollup.name))
  LEFT JOIN LATERAL (
    SELECT * FROM timescaledb_information.job_stats AS stats
    WHERE stats.job_id = job.job_id
    ORDER BY stats.job_status = 'Running' DESC
    LIMIT 1
  ) AS run ON true
  WHERE (rollup.name IS NOT NULL OR job.hypertable_schema = 'events')
    AND current_setting('timescaledb.license') = 'timescale'
  UNION ALL
  SELECT '${serviceRetention}', 'policy_retention', '', ($1::float8 * interval '1 millisecond')::text,
    NULL, NULL, NULL, NULL, 0, 0, false
  WHERE EXISTS (SELECT FROM events.retentions)
  ORDER BY target, procedure, id`;

function micros(time: string): string {
  return `CASE WHEN isfinite(${time}) THEN (extract(epoch FROM ${time}) * 1000000)::bigint END`;
}
