import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { wallTime, zoneOffsets, type ZoneOffset } from '../catalog/zone-offsets.ts';
import { align, defaultOrigin, longestMs, type Span } from './alignment.ts';
import type { Position } from './axis.ts';
import type { Fail } from './fail.ts';
import { largestShiftMs, wallClockStarts } from './wall-clock-starts.ts';

/** What cuts an axis into buckets. */
export type Grid = { kind: 'integer'; width: bigint; start: bigint } | TimeGrid;

interface TimeGrid {
  kind: 'time';
  width: Span;
  origin: Position | undefined;
  offset: Span;
  timeZone: string | undefined;
}

export interface Range {
  readonly from: Position;
  readonly toExclusive: Position;
}

/** Where the buckets of a range start: at equal distances, which the database is faster with, or as listed. */
export type Cut =
  { kind: 'equal'; first: Position; width: bigint; count: number } | { kind: 'listed'; starts: readonly Position[] };

/** @throws InvalidQuery where there are too many buckets or the time zone is unknown */
export async function cut(em: SqlEntityManager, grid: Grid, range: Range, fail: Fail): Promise<Cut> {
  const tooMany = (): never =>
    fail('every', `the range has over ${maxBuckets} buckets`, 'Choose wider buckets or a shorter range');
  if ((range.toExclusive - range.from) / shortest(grid) >= maxBuckets) return tooMany();
  if (grid.kind === 'integer') return equal(grid.start, grid.width, range);
  if (grid.width.months === 0 && grid.timeZone === undefined) {
    const start = (grid.origin ?? BigInt(defaultOrigin(grid.width))) + BigInt(grid.offset.ms);
    return equal(start, BigInt(grid.width.ms), range);
  }
  const starts = await startsOf(em, grid, range, fail);
  return starts.length > maxBuckets ? tooMany() : equalOrListed(starts.map(BigInt), range);
}

const maxBuckets = 100_000;
const dayMs = 86_400_000;
// https://www.postgresql.org/docs/17/errcodes-appendix.html
const invalidParameterValue = '22023';

function shortest(grid: Grid): bigint {
  if (grid.kind === 'integer') return grid.width;
  return BigInt(grid.width.months * 28 * dayMs + grid.width.ms);
}

function equal(start: Position, width: bigint, { from, toExclusive }: Range): Cut {
  const beyond = (from - start) % width;
  const first = from - (beyond < 0n ? beyond + width : beyond);
  return { kind: 'equal', first, width, count: Number((toExclusive - 1n - first) / width) + 1 };
}

async function startsOf(em: SqlEntityManager, grid: TimeGrid, range: Range, fail: Fail): Promise<number[]> {
  const [from, to] = [Number(range.from), Number(range.toExclusive)];
  const lookBack = from - longestMs(grid.width) - 2 * largestShiftMs;
  const clock = await clockOf(em, grid, { from: lookBack, to }, fail);
  const alignment = align(grid.width, clock.origin ?? defaultOrigin(grid.width), grid.offset);
  return wallClockStarts({ from, to }, alignment, clock.offsets, maxBuckets);
}

/** The offsets of the clock that buckets follow, and what it shows at the origin. */
async function clockOf(
  em: SqlEntityManager,
  { timeZone, origin }: TimeGrid,
  range: { from: number; to: number },
  fail: Fail,
): Promise<{ offsets: ZoneOffset[]; origin: number | undefined }> {
  if (timeZone === undefined) {
    return { offsets: [{ from: range.from, offsetMs: 0 }], origin: origin === undefined ? undefined : Number(origin) };
  }
  try {
    return {
      offsets: await zoneOffsets(em, timeZone, range),
      origin: origin === undefined ? undefined : await wallTime(em, timeZone, Number(origin)),
    };
  } catch (error) {
    if (sqlStateOf(error) !== invalidParameterValue) throw error;
    return fail('timeZone', `the database does not know "${timeZone}"`, `Use an IANA name: 'Europe/Berlin'`, error);
  }
}

function equalOrListed(starts: readonly Position[], { toExclusive }: Range): Cut {
  const first = starts[0] ?? toExclusive;
  const width = (starts[1] ?? toExclusive) - first;
  const isEqual = starts.every((start, index) => {
    const next = starts[index + 1];
    return next === undefined ? toExclusive - start <= width : next - start === width;
  });
  return isEqual ? { kind: 'equal', first, width, count: starts.length } : { kind: 'listed', starts };
}

function sqlStateOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
