import type pg from 'pg';
import { days, sourceOf, type Range } from './asked.ts';
import type { Bench } from './bench.ts';
import { dayMicros } from './empty-table.ts';
import { insertRows } from './made-rows.ts';

/** The rollup by day, and its columns. */
export interface DailyRollup {
  /** Its name, qualified. */
  view: string;
  bucket: string;
  count: string;
}

const view = 'events.events_daily';

/** Undefined where the schema has none, such as on the Apache edition. */
export async function dailyRollup(admin: pg.Client): Promise<DailyRollup | undefined> {
  const { rows } = await admin.query<{ name: string; type: string }>(
    `SELECT quote_ident(attname) AS name, atttypid::regtype::text AS type
     FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [view],
  );
  const bucket = rows.find(({ type }) => type === 'timestamp with time zone')?.name;
  const counts = rows.filter(({ type }) => type === 'bigint').map(({ name }) => name);
  const count = counts.find((name) => name.includes('count')) ?? counts[0];
  return bucket === undefined || count === undefined ? undefined : { view, bucket, count };
}

/** The year before today. */
export function lastYear(): Range {
  const today = Math.floor((Date.now() * 1_000) / dayMicros) * dayMicros;
  return { start: today - 365 * dayMicros, end: today };
}

/** Fills a year, and brings all rollups up to date; throws where the service answers from raw rows all the same. */
export async function fillRollups(bench: Bench, count: number): Promise<void> {
  // A policy that refreshes meanwhile would be in the way.
  await bench.admin.query(`SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs`);
  await insertRows(bench.admin, { count, ...lastYear() });
  // Those over the table first, then those over rollups.
  const { rows } = await bench.admin.query<{ name: string }>(
    `SELECT format('%I.%I', view_schema, view_name) AS name FROM timescaledb_information.continuous_aggregates
     WHERE view_schema = 'events' ORDER BY hypertable_schema <> 'events', name`,
  );
  for (const { name } of rows)
    await bench.admin.query('CALL refresh_continuous_aggregate($1::regclass, NULL, NULL)', [name]);
  const source = await sourceOf(bench, { range: lastYear(), width: days });
  if (source === 'SOURCE_RAW') throw new Error('raw rows answered a question by day, though the rollups are there.');
}
