import pg from 'pg';
import { RollupNotFound } from '../domain/not-found.ts';
import { SourceDropped } from '../domain/source-dropped.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { asRollupsOwner } from './as-rollups-owner.ts';
import { query } from './query.ts';
import { retentionsSql } from './retentions-sql.ts';
import { rollupsSql } from './rollups-sql.ts';
import { timestamptz } from './timestamptz.ts';

/**
 * Brings the buckets of a rollup that lie wholly inside the range up to date.
 *
 * @throws RollupNotFound, SourceDropped
 */
export async function refreshRollup(pool: pg.Pool, signal: AbortSignal, name: string, range: TimeRange): Promise<void> {
  const [start, end] = [timestamptz(range.start), timestamptz(range.end)];
  const [found] = await query<Row>(pool, signal, statement, [name, start, end]);
  if (!found) throw new RollupNotFound(name);
  if (found.kept_from !== null) throw new SourceDropped(found.kept_from);
  if (found.dropped) throw new SourceDropped(undefined);
  const rollup = pg.escapeLiteral(`events.${pg.escapeIdentifier(name)}`);
  await asRollupsOwner(pool, signal, `CALL public.refresh_continuous_aggregate(${rollup}, '${start}', '${end}')`);
}

interface Row {
  /** Where the retention may have dropped events of the range: from when on it cannot have. */
  kept_from: string | null;
  /** Whether events of the range were dropped by hand. */
  dropped: boolean;
}

// TimescaleDB takes what was dropped for changed, and a refresh would make the rollup forget it.
const statement = `
  SELECT
    (
      SELECT to_char(now() - kept, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
      FROM (${retentionsSql}) AS retention
      WHERE hypertable = rollup.root AND $2::timestamptz < now() - kept
    ) AS kept_from,
    EXISTS (
      SELECT FROM events.dropped_ranges
      WHERE hypertable = rollup.root AND range_end > $2::timestamptz AND range_start < $3::timestamptz
    ) AS dropped
  FROM (${rollupsSql}) AS rollup
  WHERE rollup.name = $1`;
