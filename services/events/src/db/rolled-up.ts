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
  const selects = rollupsOf(parts).map(({ relation, dirty }, place) => {
    const unseen = intersect(dropped, dirty);
    const bounds = [unseen.map(({ start }) => timestamptz(start)), unseen.map(({ end }) => timestamptz(end))];
    const [starts = '', ends = ''] = bounds.map((each) => `${parameters.add(each)}::timestamptz[]`);
    return selectOf(relation, place, { starts, ends });
  });
  return `
    SELECT json_agg(rollup)::text AS rolled_up
    FROM (${selects.join('\n      UNION ALL')}
    ) AS rollup`;
}

/**
 * Where the rollups hold what they answer for: from their first bucket on, but for what a refresh has emptied after its
 * events were dropped by hand. A refresh that has not seen a drop has left it dirty.
 * @param text what the statement answers
 */
export function rolledUpOf(text: string, parts: readonly Part[], dropped: readonly TimeRange[]): TimeRange[] {
  const rollups = rollupsOf(parts);
  return (JSON.parse(text) as Held[]).flatMap(({ place, first, held }) => {
    const { ranges = [], dirty = [] } = rollups[place] ?? {};
    const emptied = subtract(
      dropped,
      intersect(dropped, dirty).filter((_, index) => held[index]),
    );
    const since = first === null ? [] : [{ start: first, end: Infinity }];
    return subtract(intersect(ranges, since), emptied);
  });
}

function rollupsOf(parts: readonly Part[]): (Part & { relation: string })[] {
  return parts.flatMap(({ relation, ...part }) => (relation === undefined ? [] : [{ relation, ...part }]));
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
