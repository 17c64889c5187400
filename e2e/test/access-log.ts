import { existsSync, readFileSync } from 'node:fs';
import { root } from './processes.ts';

/** A real access log of 10,000 lines, which lies beside the project where it is built; absent elsewhere. */
export const accessLog = `${root}../shared/data/access-combined.log`;
export const accessLogIsThere = existsSync(accessLog);

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
