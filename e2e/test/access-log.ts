import { existsSync, readFileSync } from 'node:fs';
import { root } from './processes.ts';

/** A real access log of 10,000 lines, which lies beside the project where it is built; absent elsewhere. */
export const accessLog = `${root}../shared/data/access-combined.log`;
export const accessLogIsThere = existsSync(accessLog);

const dayMs = 86_400_000;
const firstDay = Date.UTC(2015, 4, 17);
const lastDay = firstDay + 3 * dayMs;
const yesterday = new Date(Date.now() - dayMs).toISOString().slice(0, 10);

/** By how much `--shift-to yesterday` moves it. */
export const shiftMs = Date.parse(yesterday) - lastDay;

/** The days of its lines, and those of its moved lines. */
export const loggedRange = rangeOfDays(0);
export const shiftedRange = rangeOfDays(shiftMs);

function rangeOfDays(movedMs: number): { start: string; end: string } {
  const [start, end] = [firstDay, lastDay + dayMs].map((timeMs) => new Date(timeMs + movedMs).toISOString());
  return { start: start ?? '', end: end ?? '' };
}

/** How many good lines each of these days has: 9,999 in all. */
export const countsOfDays = [1_632, 2_893, 2_896, 2_578];

/** What the log itself says, read apart from the importer: each good line's instant in ms and its page. */
export function readAccessLog(): Array<{ timeMs: number; page: string }> {
  return readFileSync(accessLog, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const match = /^\S+ \S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\d+):(\d+):(\d+) \+0000\] "\S+ (\S+) [^"]*" .*"$/.exec(line);
      if (!match) return [];
      const [, day, , year, hour, minute, second, page = ''] = match;
      const fields = [year, 5, day, hour, minute, second].map(Number);
      const [y = 0, m = 0, d = 0, h = 0, min = 0, s = 0] = fields;
      return [{ timeMs: Date.UTC(y, m - 1, d, h, min, s), page }];
    });
}
