// The oracle: what the proto says of buckets, done minute by minute with Node's own time zones. It shares nothing with the
// service: neither the code nor the IANA database.

export type Unit = 'SECOND' | 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR';

const minuteMs = 60_000;
const lengthsMs: Partial<Record<Unit, number>> = {
  SECOND: 1_000,
  MINUTE: minuteMs,
  HOUR: 60 * minuteMs,
  DAY: 1_440 * minuteMs,
  WEEK: 7 * 1_440 * minuteMs,
};
const months: Partial<Record<Unit, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

/** The beginnings of all buckets from `fromMs`, a whole quarter of an hour, to `untilMs`, of a width of whole minutes; every instant in ms. */
export function naiveBoundaries(
  fromMs: number,
  untilMs: number,
  count: number,
  unit: Unit,
  timeZone: string,
): number[] {
  const wall = wallClock(timeZone);
  const once = !['SECOND', 'MINUTE', 'HOUR'].includes(unit);
  // No clock was moved to or from other than a quarter of an hour, so that hours and longer can only begin there.
  const stepMs = unit === 'MINUTE' ? minuteMs : 15 * minuteMs;
  const boundaries: number[] = [];
  let before = indexOf(wall(fromMs - stepMs), count, unit);
  for (let instant = fromMs; instant < untilMs; instant += stepMs) {
    const shown = wall(instant);
    const index = indexOf(shown, count, unit);
    const shownAgain = !once && Number.isInteger((shown - Date.UTC(2000, 0, 3)) / (count * (lengthsMs[unit] ?? 1)));
    if (index > before || shownAgain) boundaries.push(instant);
    before = once ? Math.max(index, before) : index;
  }
  return boundaries;
}

/** Which bucket a time on the wall clock is in, counted from the origin. */
function indexOf(wallMs: number, count: number, unit: Unit): number {
  const length = lengthsMs[unit];
  if (length !== undefined) return Math.floor((wallMs - Date.UTC(2000, 0, 3)) / (count * length));
  const date = new Date(wallMs);
  const month = (date.getUTCFullYear() - 2_000) * 12 + date.getUTCMonth();
  return Math.floor(month / (count * (months[unit] ?? 1)));
}

/** What the clock on the wall shows at an instant, as if it were UTC. */
function wallClock(timeZone: string): (instantMs: number) => number {
  const known = wallClocks.get(timeZone) ?? makeWallClock(timeZone);
  wallClocks.set(timeZone, known);
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
  // No clock was moved at another minute than a whole quarter of an hour in the years of the test.
  const offsets = new Map<number, number>();
  return (instantMs) => {
    const quarter = Math.floor(instantMs / (15 * minuteMs));
    const offset = offsets.get(quarter) ?? offsetAt(quarter * 15 * minuteMs);
    offsets.set(quarter, offset);
    return instantMs + offset;
  };

  function offsetAt(instantMs: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instantMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - instantMs;
  }
}
