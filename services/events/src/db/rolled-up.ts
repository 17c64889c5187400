import type { TimeRange } from '../domain/time-range.ts';
import { intersect, subtract } from '../domain/time-ranges.ts';
import type { Parameters } from './filter-sql.ts';
import type { Part } from './rollup-answer-sql.ts';
import { timestamptz } from './timestamptz.ts';

/** One for each rollup that takes part. */
interface Held {
  place: number;
  first: number | null;
  held: boolean[];
}

/** The statement for what the rollups hold, in one row of text. */
export function rolledUpSql(parts: readonly Part[], dropped: readonly TimeRange[], parameters: Parameters): string {
  const bounds = [dropped.map(({ start }) => timestamptz(start)), dropped.map(({ end }) => timestamptz(end))];
  const [starts = '', ends = ''] = bounds.map((each) => `${parameters.add(each)}::timestamptz[]`);
  const selects = rollupsOf(parts).map(({ relation }, place) => selectOf(relation, place, { starts, ends }));
  return `
    SELECT json_agg(rollup)::text AS rolled_up
    FROM (${selects.join('\n      UNION ALL')}
    ) AS rollup`;
}

/**
 * Where the rollups hold what they answer for: from their first bucket on, but for what a refresh has emptied after its
 * events were dropped by hand.
 * @param text what the statement answers
 */
export function rolledUpOf(text: string, parts: readonly Part[], dropped: readonly TimeRange[]): TimeRange[] {
  const rollups = rollupsOf(parts);
  return (JSON.parse(text) as Held[]).flatMap(({ place, first, held }) => {
    const emptied = dropped.filter((_, index) => !held[index]);
    const since = first === null ? [] : [{ start: first, end: Infinity }];
    return subtract(intersect(rollups[place]?.ranges ?? [], since), emptied);
  });
}

function rollupsOf(parts: readonly Part[]): { relation: string; ranges: readonly TimeRange[] }[] {
  return parts.flatMap(({ relation, ranges }) => (relation === undefined ? [] : [{ relation, ranges }]));
}

function selectOf(relation: string, place: number, { starts, ends }: { starts: string; ends: string }): string {
  return `
      SELECT
        ${place} AS place,
        (SELECT (extract(epoch FROM min(bucket)) * 1000000)::bigint FROM ${relation}) AS first,
        ARRAY(
          SELECT EXISTS (
            SELECT FROM ${relation} WHERE bucket >= dropped.range_start AND bucket < dropped.range_end
          )
          FROM unnest(${starts}, ${ends}) WITH ORDINALITY AS dropped (range_start, range_end, place)
          ORDER BY dropped.place
        ) AS held`;
}
