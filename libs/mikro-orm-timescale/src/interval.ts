type Unit = 'year' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond' | 'microsecond';
type Part = `${number} ${Unit | `${Unit}s`}`;

/** '7 days', '1 day 12 hours' or { days: 7 }; calendar months stay months. */
export type Interval = Part | `${Part} ${Part}` | Amounts;
type Amounts = { readonly [U in Unit as `${U}s`]?: number };

export interface ParsedInterval {
  months: number;
  days: number;
  /** Microseconds. */
  micros: number;
}

/** Undefined where it is not a positive interval. Understands PostgreSQL's own output form as well. */
export function parseInterval(interval: string | Amounts): ParsedInterval | undefined {
  const parts = typeof interval === 'string' ? textParts(interval) : Object.entries(interval);
  if (!parts || parts.length === 0) return undefined;
  const sum: ParsedInterval = { months: 0, days: 0, micros: 0 };
  for (const [name, amount] of parts) {
    const unit = units[name.toLowerCase().replace(/s$/, '')];
    // JavaScript would take a text for a number.
    if (!unit || !Number.isFinite(amount) || amount < 0) return undefined;
    sum[unit.field] += amount * unit.size;
  }
  const whole = Object.values(sum).every((amount) => Number.isSafeInteger(amount));
  return whole && sum.months + sum.days + sum.micros > 0 ? sum : undefined;
}

/** One spelling for equal intervals, such as '1 month 7 days 12 hours'. */
export function formatInterval({ months, days, micros }: ParsedInterval): string {
  const parts: [number, string][] = [
    [months, 'month'],
    [days, 'day'],
    [Math.floor(micros / 3_600_000_000), 'hour'],
    [Math.floor(micros / 60_000_000) % 60, 'minute'],
    [Math.floor(micros / 1_000_000) % 60, 'second'],
    [micros % 1_000_000, 'microsecond'],
  ];
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}${amount === 1 ? '' : 's'}`)
    .join(' ');
}

/** As a chunk's width is stored: a month has 30 days, a day 24 hours. */
export function fixedWidth({ months, days, micros }: ParsedInterval): ParsedInterval {
  const total = (months * 30 + days) * day + micros;
  return { months: 0, days: Math.floor(total / day), micros: total % day };
}

/** Whether `a` is no shorter than `b` whichever months they are counted from. */
export function isAtLeast(a: string | number, b: string | number): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a >= b;
  const [long, short] = [parseInterval(a), parseInterval(b)];
  if (!long || !short) return false;
  const months = long.months - short.months;
  const days = months * (months > 0 ? 28 : 31) + long.days - short.days;
  return days * day + long.micros - short.micros >= 0;
}

const day = 86_400_000_000;

const units: Readonly<Record<string, { field: keyof ParsedInterval; size: number }>> = {
  year: { field: 'months', size: 12 },
  month: { field: 'months', size: 1 },
  mon: { field: 'months', size: 1 },
  week: { field: 'days', size: 7 },
  day: { field: 'days', size: 1 },
  hour: { field: 'micros', size: 3_600_000_000 },
  minute: { field: 'micros', size: 60_000_000 },
  second: { field: 'micros', size: 1_000_000 },
  millisecond: { field: 'micros', size: 1_000 },
  microsecond: { field: 'micros', size: 1 },
};

/** '3 mons 02:30:00' as [mons, 3], [hours, 2], [minutes, 30], [seconds, 0]. */
function textParts(text: string): [string, number][] | undefined {
  const parts: [string, number][] = [];
  let rest = text.trim();
  while (rest) {
    const word = /^(\d+(?:\.\d+)?) +([a-z]+)(?: +|$)/i.exec(rest);
    const clock = /^(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(rest);
    if (word?.[2]) parts.push([word[2], Number(word[1])]);
    else if (clock) {
      const micros = Number((clock[4] ?? '').padEnd(6, '0'));
      parts.push(['hour', Number(clock[1])], ['minute', Number(clock[2])], ['second', Number(clock[3])]);
      parts.push(['microsecond', micros]);
    } else return undefined;
    rest = rest.slice((word ?? clock)?.[0].length).trim();
  }
  return parts;
}
