import type { Span } from '../query/alignment.ts';
import type { Axis } from '../query/axis.ts';
import type { Grid } from '../query/cut.ts';
import { positionSql } from './bucket-key.ts';
import { identifier, literal } from './target.ts';

/** A call of TimescaleDB's `time_bucket`. @param functions the schema of the extension */
export function timeBucketSql(grid: Grid, column: string, axis: Axis, functions: string): string {
  const call = (...args: string[]): string => `${identifier(functions)}.time_bucket(${args.join(', ')})`;
  if (grid.kind === 'integer') return call(`${grid.width}`, column, `${grid.start}`);
  const { width, timeZone, origin, offset } = grid;
  return call(
    intervalSql(width),
    column,
    ...(timeZone === undefined ? [] : [literal(timeZone)]),
    ...(origin === undefined ? [] : [`origin => ${positionSql(origin, axis.kind)}`]),
    ...(offset.months + offset.ms === 0 ? [] : [`"offset" => ${intervalSql(offset)}`]),
  );
}

function intervalSql({ months, ms }: Span): string {
  return `interval '${months} months ${ms} milliseconds'`;
}
