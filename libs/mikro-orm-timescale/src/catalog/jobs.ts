import type { AbstractSqlConnection } from '@mikro-orm/postgresql';

export interface Job {
  id: number;
  /** Such as policy_retention, policy_compression, policy_reorder, or a function of your own. */
  procedure: string;
  /** Undefined for a job that belongs to no hypertable. */
  hypertable: { schema: string; name: string } | undefined;
  /** PostgreSQL's spelling of an interval. */
  every: string;
  config: Readonly<Record<string, unknown>>;
  scheduled: boolean;
  /** Undefined where the scheduler has not looked at it yet. */
  nextStart: Date | undefined;
}

/** All jobs, TimescaleDB's own included, by number. */
export async function readJobs(connection: AbstractSqlConnection): Promise<Job[]> {
  const rows = await connection.execute<Row[]>(`
    SELECT
      job_id AS id,
      proc_name AS procedure,
      hypertable_schema AS schema,
      hypertable_name AS name,
      schedule_interval::text AS every,
      config,
      scheduled,
      CASE WHEN isfinite(next_start) THEN extract(epoch FROM next_start)::float8 * 1000 END AS next_start_ms
    FROM timescaledb_information.jobs
    ORDER BY job_id`);
  return rows.map((row) => ({
    id: row.id,
    procedure: row.procedure,
    hypertable: row.schema === null || row.name === null ? undefined : { schema: row.schema, name: row.name },
    every: row.every,
    config: row.config ?? {},
    scheduled: row.scheduled,
    nextStart: row.next_start_ms === null ? undefined : new Date(row.next_start_ms),
  }));
}

interface Row {
  id: number;
  procedure: string;
  schema: string | null;
  name: string | null;
  every: string;
  config: Record<string, unknown> | null;
  scheduled: boolean;
  next_start_ms: number | null;
}
