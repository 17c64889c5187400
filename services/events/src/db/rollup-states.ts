import type { Micros } from '../domain/micros.ts';
import type { Rollup } from '../domain/rollup-choice.ts';
import type { RollupState } from '../domain/rollup-plan.ts';
import { latestTime, type TimeRange } from '../domain/time-range.ts';

/** What the catalogs tell of the rollups and the events. */
export interface States {
  readonly rollups: readonly RolledUp[];
  /** Where there are chunks of events. */
  readonly chunks: readonly TimeRange[];
  /** Where the oldest of all begins. */
  readonly oldestChunk: Micros | undefined;
  /** What was dropped by hand. */
  readonly dropped: readonly TimeRange[];
}

export interface RolledUp extends RollupState {
  /** The hypertable of what is materialized, quoted: reading it, unlike the view, counts no events on the side. */
  readonly relation: string;
}

/** One for each rollup, or a single one without a name. */
interface State {
  name: string | null;
  relation: string;
  watermark: number;
  dirty: string | null;
  chunks: string | null;
  raw_chunks: string | null;
  oldest: number | null;
  dropped: string | null;
}

/**
 * The statement for the states of rollups, in one row of text.
 *
 * TimescaleDB counts in microseconds since 1970, as we do. A commit of late events comes with its entry in the log of
 * the hypertable, which a refresh moves into the logs of the rollups, and takes away in the transaction that
 * materializes: in any one snapshot, what is behind is in one of them. Each holds its last instant as well. From the
 * last refresh on and before the first, a rollup's log has an entry from its beginning.
 *
 * @param names of rollups, without quotes in them
 * @param pendingRanges whether this version keeps what a refresh is at in a log of its own
 */
export function statesSql(names: readonly string[], pendingRanges: boolean): string {
  return `
    WITH raw AS (
      SELECT range_agg(int8range(slice.range_start, slice.range_end)) AS chunks, min(slice.range_start) AS oldest
      FROM _timescaledb_catalog.hypertable AS hypertable
      JOIN _timescaledb_catalog.dimension AS dimension ON dimension.hypertable_id = hypertable.id
      JOIN _timescaledb_catalog.dimension_slice AS slice ON slice.dimension_id = dimension.id
      WHERE hypertable.schema_name = 'events' AND hypertable.table_name = 'events'
    ), dropped AS (
      SELECT range_agg(int8range(
        (extract(epoch FROM range_start) * 1000000)::bigint, (extract(epoch FROM range_end) * 1000000)::bigint
      )) AS ranges
      FROM events.dropped_ranges
      WHERE hypertable = 'events'
    ), state AS (
      SELECT
        rollup.user_view_name AS name,
        quote_ident(materialized.schema_name) || '.' || quote_ident(materialized.table_name) AS relation,
        ${bounded('watermark.watermark')} AS watermark,
        (
          SELECT range_agg(int8range(
            ${bounded('log.lowest_modified_value')}, ${bounded('log.greatest_modified_value')}, '[]'
          ))
          FROM (
            SELECT lowest_modified_value, greatest_modified_value
            FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log
            WHERE hypertable_id = rollup.raw_hypertable_id
            UNION ALL
            SELECT lowest_modified_value, greatest_modified_value
            FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
            WHERE materialization_id = rollup.mat_hypertable_id
            ${pendingRanges ? pendingSql : ''}
          ) AS log
        )::text AS dirty,
        (
          SELECT range_agg(int8range(slice.range_start, slice.range_end))
          FROM _timescaledb_catalog.dimension AS dimension
          JOIN _timescaledb_catalog.dimension_slice AS slice ON slice.dimension_id = dimension.id
          WHERE dimension.hypertable_id = rollup.mat_hypertable_id
        )::text AS chunks,
        raw.chunks::text AS raw_chunks,
        raw.oldest AS oldest,
        dropped.ranges::text AS dropped
      FROM raw
      CROSS JOIN dropped
      LEFT JOIN _timescaledb_catalog.continuous_agg AS rollup
        ON rollup.user_view_schema = 'events' AND rollup.user_view_name = ANY ('{${names.join(',')}}'::name[])
      LEFT JOIN _timescaledb_catalog.hypertable AS materialized ON materialized.id = rollup.mat_hypertable_id
      LEFT JOIN _timescaledb_catalog.continuous_aggs_watermark AS watermark
        ON watermark.mat_hypertable_id = rollup.mat_hypertable_id
    )
    SELECT json_agg(state ORDER BY name)::text AS states FROM state`;
}

/** A number of the catalogs, which say "for ever" with the largest of 64 bits: one more has no room. */
function bounded(column: string): string {
  return `least(greatest(${column}, -${latestTime}), ${latestTime})`;
}

const pendingSql = `
          UNION ALL
          SELECT lowest_modified_value, greatest_modified_value
          FROM _timescaledb_catalog.continuous_aggs_materialization_ranges
          WHERE materialization_id = rollup.mat_hypertable_id`;

/** @param text what the statement answers */
export function statesOf(text: string, wanted: readonly Rollup[]): States {
  const states = JSON.parse(text) as State[];
  const [first] = states;
  return {
    rollups: wanted.flatMap(({ name, unit }) => {
      const found = states.find((each) => each.name === name);
      if (!found) return [];
      const { relation, watermark, dirty, chunks } = found;
      return [{ name, unit, relation, watermark, dirty: rangesOf(dirty), chunks: rangesOf(chunks) }];
    }),
    chunks: rangesOf(first?.raw_chunks ?? null),
    oldestChunk: first?.oldest ?? undefined,
    dropped: rangesOf(first?.dropped ?? null),
  };
}

/** Of a multirange such as "{[1,5),[7,9)}". */
function rangesOf(text: string | null): TimeRange[] {
  return [...(text ?? '').matchAll(/\[(-?\d+),(-?\d+)\)/g)].map(([, start, end]) => ({
    start: Number(start),
    end: Number(end),
  }));
}
