import { isDeepStrictEqual } from 'node:util';
import { integerOf, parseBucket } from './parse-bucket.ts';
import { parseQuery } from './parse-query.ts';

/** Whether two spelled queries give the same columns, in whatever order. */
export function isSameQuery(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [canonical(a), canonical(b)];
  return one !== undefined && isDeepStrictEqual(one, other);
}

function canonical(spelled: string): unknown {
  const query = parseQuery(spelled);
  if (!query || query.from === undefined || query.clauses.length > 0) return undefined;
  const { select, from, groupBy } = query;
  return {
    from,
    select: new Map(select.map(({ sql, as }) => [as, canonicalValue(sql)])),
    groupBy: new Set(groupBy.map((sql) => JSON.stringify(canonicalValue(sql)))),
  };
}

/** Arguments of the bucket may be named or not, and an integer be spelled in many ways. */
export function canonicalValue(sql: string): unknown {
  const bucket = parseBucket(sql);
  if (!bucket) return sql;
  const sorted = Object.entries(bucket).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, integerOf(String(value)) ?? String(value)]));
}
