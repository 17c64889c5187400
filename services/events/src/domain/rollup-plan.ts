import type { Micros } from './micros.ts';
import type { TimeRange } from './time-range.ts';
import { begunIn, intersect, inward, outward, subtract } from './time-ranges.ts';

/** What a rollup holds of a range, as one snapshot of the database shows it. */
export interface RollupState {
  readonly name: string;
  /** How long its buckets are; they begin at the multiples of it. */
  readonly unit: Micros;
  /** Nothing from here on is in it. */
  readonly watermark: Micros;
  /** Where events may have come since it was brought up to date. */
  readonly dirty: readonly TimeRange[];
  /** Where it has chunks. */
  readonly chunks: readonly TimeRange[];
}

/** Which part of a range is answered from what. The parts are apart, and what is in none of them holds no events. */
export interface Plan {
  readonly rollups: ReadonlyArray<{ readonly name: string; readonly parts: readonly TimeRange[] }>;
  readonly raw: readonly TimeRange[];
}

/**
 * The plan whose answer is the same as that of the raw events, and reads the least.
 *
 * A bucket of a rollup takes part where it lies wholly inside the range and inside one bucket of the question, is
 * materialized and not dirty. Where the retention has dropped the events of a bucket, it is dirty as well, and all that
 * is left of them.
 * @param boundaries where the question's buckets begin, the first at or before the range's start
 * @param rollups those that hold what is asked for, the coarsest first
 * @param chunks where there are raw events
 */
export function planOf(
  range: TimeRange,
  boundaries: readonly Micros[],
  rollups: readonly RollupState[],
  chunks: readonly TimeRange[],
): Plan {
  const parts: { name: string; parts: TimeRange[] }[] = [];
  let rest: TimeRange[] = [range];
  rollups.forEach((rollup, place) => {
    let own = answerable(rest, boundaries, rollup, chunks);
    const finer = rollups[place + 1];
    if (own.length > manyParts) {
      // In many parts a rollup saves nothing: it answers only for what the finer one, or the events, have no more.
      const others = finer ? answerable(rest, boundaries, finer, chunks) : outward(chunks, rollup.unit);
      own = inward(subtract(own, others), rollup.unit);
    }
    if (own.length === 0) return;
    parts.push({ name: rollup.name, parts: own });
    rest = subtract(rest, own);
  });
  return { rollups: parts, raw: intersect(rest, chunks) };
}

const manyParts = 32;

function answerable(
  ranges: readonly TimeRange[],
  boundaries: readonly Micros[],
  { unit, watermark, dirty, chunks }: RollupState,
  rawChunks: readonly TimeRange[],
): TimeRange[] {
  const materialized = intersect(inward(ranges, unit), begunIn(chunks, unit));
  const changed = intersect(outward(dirty, unit), outward(rawChunks, unit));
  const cut = boundaries
    .slice(1)
    .filter((boundary) => boundary % unit !== 0)
    .map((boundary) => ({ start: boundary, end: boundary + 1 }));
  const buckets = subtract(subtract(materialized, changed), outward(cut, unit));
  return inward(intersect(buckets, [{ start: -Infinity, end: watermark }]), unit);
}
