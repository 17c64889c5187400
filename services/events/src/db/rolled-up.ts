import type { TimeRange } from '../domain/time-range.ts';
import { intersect, subtract } from '../domain/time-ranges.ts';
import type { Part } from './rollup-answer-sql.ts';
import type { Run } from './snapshot.ts';
import { timestamptz } from './timestamptz.ts';

interface Row {
  place: number;
  first_us: string | null;
  held: boolean[];
}

/**
 * Where the rollups hold what they answer for: from their first bucket on, but for what a refresh has emptied after its
 * events were dropped by hand.
 */
export async function rolledUp(run: Run, parts: readonly Part[], dropped: readonly TimeRange[]): Promise<TimeRange[]> {
  const rollups = parts.filter(({ relation }) => relation !== undefined);
  const statement = rollups.map(({ relation }, place) => selectOf(relation ?? '', place)).join('\n  UNION ALL');
  const bounds = [dropped.map(({ start }) => timestamptz(start)), dropped.map(({ end }) => timestamptz(end))];
  const rows = await run<Row>(statement, bounds);
  return rows.flatMap(({ place, first_us: first, held }) => {
    const emptied = dropped.filter((_, index) => !held[index]);
    const since = first === null ? [] : [{ start: Number(first), end: Infinity }];
    return subtract(intersect(rollups[place]?.ranges ?? [], since), emptied);
  });
}

function selectOf(relation: string, place: number): string {
  return `
  SELECT
    ${place} AS place,
    (SELECT (extract(epoch FROM min(bucket)) * 1000000)::bigint FROM ${relation}) AS first_us,
    ARRAY(
      SELECT EXISTS (
        SELECT FROM ${relation} WHERE bucket >= dropped.range_start AND bucket < dropped.range_end
      )
      FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS dropped (range_start, range_end, place)
      ORDER BY dropped.place
    ) AS held`;
}
