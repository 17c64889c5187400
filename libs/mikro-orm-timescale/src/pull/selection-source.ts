import { name, unquoted } from '../catalog/parse-query.ts';
import type { ColumnSelection } from '../state/aggregate-state.ts';
import { rawSource, type SourceColumns } from './raw-source.ts';
import { inline, quoted } from './typescript.ts';

/** What may select an expression, to be compared with it. */
export interface SelectionGuess {
  value: ColumnSelection;
  source: string;
  /** The function of this library. */
  call: string;
}

/** @param sql as PostgreSQL spells it; the guesses, the best first */
export function guessSelections(sql: string, properties: SourceColumns): SelectionGuess[] {
  const known = knownSelection(sql);
  const source = known && callSource(known, properties);
  const asItIs = sql.replaceAll(/\s*\n\s*/g, ' ');
  const raws = [rawSource(asItIs, properties), rawSource(asItIs, new Map())].map((raw) => ({
    value: { kind: 'sql' as const, sql: raw.sql },
    source: raw.source,
    call: 'rawAggregate',
  }));
  return [...(known && source !== undefined ? [{ value: known, source, call: known.kind }] : []), ...raws];
}

type KnownSelection = Exclude<ColumnSelection, { kind: 'sql' }>;

function knownSelection(sql: string): KnownSelection | undefined {
  if (sql === 'count(*)') return { kind: 'count' };
  // The library's histogram leaves null out, and has to be told so.
  const call = sql.replace(/^(.*histogram\(.*\)) FILTER \(WHERE \(.* IS NOT NULL\)\)$/, '$1');
  const [, kind, list = ''] = /^(?:.+\.)?([a-z]+)\((.*)\)$/.exec(call) ?? [];
  const [first, second, ...more] = [...list.matchAll(new RegExp(`^${name}|, ${name}$`, 'g'))].map(([column]) =>
    unquoted(column.replace(/^, /, '')),
  );
  if (first === undefined || more.length > 0) return undefined;
  switch (kind) {
    case 'count':
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
      return second === undefined ? { kind, property: first } : undefined;
    case 'first':
    case 'last':
      return second === undefined ? undefined : { kind, property: first, by: second };
    case 'histogram': {
      const [min, max, buckets] = numbers(list);
      if (min === undefined || max === undefined || buckets === undefined) return undefined;
      return { kind, property: first, min, max, buckets };
    }
    default:
      return undefined;
  }
}

/** `(0)::double precision, ('-1.5'::numeric)::double precision, 5` */
function numbers(list: string): number[] {
  const values = list.replaceAll(/'(-?[\d.]+)'::[a-z]+/g, '$1').replaceAll(/\((-?[\d.]+)\)::double precision/g, '$1');
  const [, min, max, buckets] = /, (-?[\d.]+), (-?[\d.]+), (\d+)$/.exec(values) ?? [];
  return min === undefined ? [] : [min, max, buckets].map(Number);
}

/** Undefined where a column has no property of its own. */
function callSource(selection: KnownSelection, properties: SourceColumns): string | undefined {
  const columns = [
    ...(selection.property === undefined ? [] : [selection.property]),
    ...('by' in selection ? [selection.by] : []),
  ];
  const given = columns.map((column) => properties.get(column));
  if (given.includes(undefined)) return undefined;
  const names = given.map((property) => quoted(property ?? ''));
  if (selection.kind !== 'histogram') return `${selection.kind}(${names.join(', ')})`;
  const { min, max, buckets } = selection;
  const range = inline(Object.entries({ min, max, buckets }).map(([key, value]) => [key, String(value)]));
  return `histogram(${names.join('')}, ${range})`;
}
