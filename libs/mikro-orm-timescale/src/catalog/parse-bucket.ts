import { name, splitList } from './parse-query.ts';

/** The arguments of `time_bucket`, as they are spelled. */
export interface ParsedBucket {
  width: string;
  column: string;
  timeZone?: string;
  origin?: string;
  offset?: string;
}

/** The value of `'10'::smallint`, `(10)::bigint` or `10`; undefined for any other expression. */
export function integerOf(sql: string): number | undefined {
  const [, quoted, plain] = /^(?:'(\d+)'|\(?(\d+)\)?)(?:::(?:smallint|integer|bigint))?$/.exec(sql) ?? [];
  const digits = quoted ?? plain;
  return digits === undefined ? undefined : Number(digits);
}

/** Undefined where it is something else. */
export function parseBucket(sql: string): ParsedBucket | undefined {
  const [, list] = new RegExp(`^(?:${name}\\.)?time_bucket\\(([\\s\\S]*)\\)$`).exec(sql) ?? [];
  if (list === undefined) return undefined;
  const { width, column, ...more } = Object.fromEntries(splitList(list).map(named));
  return width === undefined || column === undefined ? undefined : { width, column, ...more };
}

function named(argument: string, at: number): [string, string] {
  const [, given, value] = /^("?\w+"?) => ([\s\S]*)$/.exec(argument) ?? [];
  if (given !== undefined && value !== undefined) return [byName[given] ?? given, value];
  return [['width', 'column'][at] ?? byType(argument), argument];
}

const byName: Readonly<Record<string, string>> = {
  bucket_width: 'width',
  ts: 'column',
  timezone: 'timeZone',
  '"offset"': 'offset',
};

/** Which of the optional arguments a value can be. */
function byType(value: string): string {
  if (/::text$/.test(value)) return 'timeZone';
  return /::(timestamp|date)[a-z ]*$/.test(value) ? 'origin' : 'offset';
}
