import type { Micros } from '../domain/micros.ts';
import type { Rollup } from '../domain/rollup-choice.ts';
import type { RollupState } from '../domain/rollup-plan.ts';
import type { TimeRange } from '../domain/time-range.ts';

/** What the catalogs tell of the rollups and the events of a range. */
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
export interface StateRow {
  name: string | null;
  relation: string;
  watermark: string;
  dirty: string | null;
  chunks: string | null;
  raw_chunks: string | null;
  oldest_us: string | null;
  dropped: string | null;
}

/**
 * The statement for the states of rollups over a range: `$1` are their names, `$2` and `$3` its bounds.
 *
 * TimescaleDB counts in microseconds since 1970, as we do. A commit of late events comes with its entry in the log of
 * the hypertable, which a refresh moves into the logs of the rollups, and takes away in the transaction that
 * materializes: in any one snapshot, what is behind is in one of them. Each holds its last instant as well. From the
 * last refresh on and before the first, a rollup's log has an entry from its beginning.
 *
 * @param pendingRanges whether this version keeps what a refresh is at in a log of its own
 */
export function statesSql(pendingRanges: boolean): string {
  return `
    WITH question AS (
      SELECT $2::bigint AS range_start, $3::bigint AS range_end
    ), raw AS (
      SELECT
        range_agg(int8range(greatest(slice.range_start, question.range_start), least(slice.range_end, question.range_end)))
          FILTER (WHERE slice.range_end > question.range_start AND slice.range_start < question.range_end) AS chunks,
        min(slice.range_start) AS oldest
      FROM question
      JOIN _timescaledb_catalog.hypertable AS hypertable
        ON hypertable.schema_name = 'events' AND hypertable.table_name = 'events'
      JOIN _timescaledb_catalog.dimension AS dimension ON dimension.hypertable_id = hypertable.id
      JOIN _timescaledb_catalog.dimension_slice AS slice ON slice.dimension_id = dimension.id
    ), dropped AS (
      SELECT range_agg(int8range(
        greatest((extract(epoch FROM dropped.range_start) * 1000000)::bigint, question.range_start),
        least((extract(epoch FROM dropped.range_end) * 1000000)::bigint, question.range_end)
      )) AS ranges
      FROM question
      JOIN events.dropped_ranges AS dropped
        ON dropped.range_start < to_timestamp(question.range_end / 1e6)
        AND dropped.range_end > to_timestamp(question.range_start / 1e6)
      WHERE dropped.hypertable = 'events'
    )
    SELECT
      rollup.user_view_name AS name,
      quote_ident(materialized.schema_name) || '.' || quote_ident(materialized.table_name) AS relation,
      least(greatest(watermark.watermark, question.range_start), question.range_end) AS watermark,
      (
        SELECT range_agg(int8range(
          greatest(log.lowest_modified_value, question.range_start),
          least(log.greatest_modified_value, question.range_end - 1), '[]'
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
        WHERE log.lowest_modified_value < question.range_end AND log.greatest_modified_value >= question.range_start
      )::text AS dirty,
      (
        SELECT range_agg(int8range(
          greatest(slice.range_start, question.range_start), least(slice.range_end, question.range_end)
        ))
        FROM _timescaledb_catalog.dimension AS dimension
        JOIN _timescaledb_catalog.dimension_slice AS slice ON slice.dimension_id = dimension.id
        WHERE dimension.hypertable_id = rollup.mat_hypertable_id
          AND slice.range_end > question.range_start AND slice.range_start < question.range_end
      )::text AS chunks,
      raw.chunks::text AS raw_chunks,
      raw.oldest AS oldest_us,
      dropped.ranges::text AS dropped
    FROM question
    CROSS JOIN raw
    CROSS JOIN dropped
    LEFT JOIN _timescaledb_catalog.continuous_agg AS rollup
      ON rollup.user_view_schema = 'events' AND rollup.user_view_name = ANY ($1::name[])
    LEFT JOIN _timescaledb_catalog.hypertable AS materialized ON materialized.id = rollup.mat_hypertable_id
    LEFT JOIN _timescaledb_catalog.continuous_aggs_watermark AS watermark
      ON watermark.mat_hypertable_id = rollup.mat_hypertable_id`;
}

const pendingSql = `
          UNION ALL
          SELECT lowest_modified_value, greatest_modified_value
          FROM _timescaledb_catalog.continuous_aggs_materialization_ranges
          WHERE materialization_id = rollup.mat_hypertable_id`;

export function statesOf(rows: readonly StateRow[], wanted: readonly Rollup[]): States {
  const [row] = rows;
  return {
    rollups: wanted.flatMap(({ name, unit }) => {
      const found = rows.find((each) => each.name === name);
      if (!found) return [];
      const { relation, watermark, dirty, chunks } = found;
      return [{ name, unit, relation, watermark: Number(watermark), dirty: rangesOf(dirty), chunks: rangesOf(chunks) }];
    }),
    chunks: rangesOf(row?.raw_chunks ?? null),
    oldestChunk: row?.oldest_us == null ? undefined : Number(row.oldest_us),
    dropped: rangesOf(row?.dropped ?? null),
  };
}

/** Of a multirange such as "{[1,5),[7,9)}". */
function rangesOf(text: string | null): TimeRange[] {
  return [...(text ?? '').matchAll(/\[(-?\d+),(-?\d+)\)/g)].map(([, start, end]) => ({
    start: Number(start),
    end: Number(end),
  }));
}
