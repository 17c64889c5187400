// What the README says of buckets, looked up instant by instant on Node's own clocks. It shares nothing with the library:
// neither code nor the version of the IANA database.

export const minuteMs = 60_000;
export const dayMs = 1_440 * minuteMs;
/** No clock was set at or to another time than a quarter of an hour in the years of the test. */
const quarterMs = 15 * minuteMs;
const longestShiftMs = 25 * 60 * minuteMs;

/** What is multiplied: a fixed length in ms, or months from the origin. */
export type Multiple = { ms: number } | { months: number };

export interface Starts {
  multiple: Multiple;
  /** On the clock. */
  originWall: number;
  offsetMs: number;
}

/** Where buckets start from one instant to before another, found by a look at every quarter of an hour or minute. */
export function naiveStarts(
  fromMs: number,
  untilMs: number,
  { multiple, originWall, offsetMs }: Starts,
  zone: string,
): number[] {
  const wall = wallClock(zone);
  const short = 'ms' in multiple && multiple.ms < dayMs;
  const stepMs =
    'ms' in multiple && (multiple.ms % quarterMs !== 0 || offsetMs % quarterMs !== 0 || originWall % quarterMs !== 0)
      ? minuteMs
      : quarterMs;
  const isMultiple = multiplesOf(multiple, originWall, offsetMs);
  const starts: number[] = [];
  for (let instant = Math.floor(fromMs / stepMs) * stepMs; instant < untilMs; instant += stepMs) {
    const shown = wall(instant);
    const expected = wall(instant - stepMs) + stepMs;
    const skipped = shown > expected && anyFrom(expected, shown, stepMs, isMultiple);
    const begins = isMultiple(shown) && (short || !wasShown(instant, shown, wall));
    if (begins || skipped) starts.push(instant);
  }
  return starts;
}

function anyFrom(from: number, until: number, stepMs: number, isMultiple: (wall: number) => boolean): boolean {
  for (let time = from; time < until; time += stepMs) if (isMultiple(time)) return true;
  return false;
}

/** Whether the clock had been as far before. */
function wasShown(instant: number, shown: number, wall: (instantMs: number) => number): boolean {
  if (wall(instant - longestShiftMs) + longestShiftMs === shown) return false;
  for (let before = instant - longestShiftMs; before < instant; before += quarterMs)
    if (wall(before) >= shown) return true;
  return false;
}

function multiplesOf(multiple: Multiple, originWall: number, offsetMs: number): (wall: number) => boolean {
  if ('ms' in multiple) return (wall) => Number.isInteger((wall - originWall - offsetMs) / multiple.ms);
  const origin = new Date(originWall);
  const [year, month, day] = [origin.getUTCFullYear(), origin.getUTCMonth(), origin.getUTCDate()];
  const time = originWall - Date.UTC(year, month, day);
  const multiples = new Set<number>();
  for (let count = -80 * 12; count <= 80 * 12; count++) {
    if (count % multiple.months !== 0) continue;
    const lastDay = new Date(Date.UTC(year, month + count + 1, 0)).getUTCDate();
    multiples.add(Date.UTC(year, month + count, Math.min(day, lastDay)) + time + offsetMs);
  }
  return (wall) => multiples.has(wall);
}

/** What the clock on the wall shows at an instant, as if it were UTC. */
export function wallClock(zone: string): (instantMs: number) => number {
  const known = wallClocks.get(zone) ?? makeWallClock(zone);
  wallClocks.set(zone, known);
  return known;
}

const wallClocks = new Map<string, (instantMs: number) => number>();

function makeWallClock(timeZone: string): (instantMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsets = new Map<number, number>();
  const offsetOf = (quarter: number): number => {
    const offset = offsets.get(quarter) ?? offsetAt(quarter * quarterMs);
    offsets.set(quarter, offset);
    return offset;
  };
  return (instantMs) => {
    // No clock was changed twice within a day.
    const day = Math.floor(instantMs / dayMs) * 96;
    const offset = offsetOf(day);
    return instantMs + (offset === offsetOf(day + 96) ? offset : offsetOf(Math.floor(instantMs / quarterMs)));
  };

  function offsetAt(instantMs: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instantMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - instantMs;
  }
}
