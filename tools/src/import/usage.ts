import { parseArgs } from 'node:util';
import { maxSourceBytes } from './event-id.ts';

export const usage = `Reads web server access logs into the events service.

  npm run import -- [options] FILE...

FILE is an access log of Apache or nginx in the common or the combined format, plain or
compressed with gzip; "-" is standard input. Running it again in the same way stores
nothing twice: an event's id is made of its line, the line's number and its time.

  --events HOST:PORT           where the events service listens (default 127.0.0.1:50051)
  --shift-to DATE|yesterday    move all times by the same number of whole days, so that the
                               newest event of all files falls on that UTC day (YYYY-MM-DD);
                               other days make other events
  --source NAME                which server wrote the files: logs of several servers can hold
                               the same line at the same place, which else counts once
  --help                       show this

A line that cannot be read is reported with its number and skipped. The exit code is 0 when it
is done, 1 when it failed or could store no line at all, 2 when it was called wrongly.
`;

export interface ImportOptions {
  readonly files: readonly string[];
  /** "host:port" of the events service. */
  readonly events: string;
  /** The name of the server that wrote the files; empty: not told. */
  readonly source: string;
  /** The UTC day that the newest event shall fall on, in days since 1970-01-01. */
  readonly shiftTo: number | undefined;
}

/** The command line cannot be meant; the message is one line and says how to mend it. */
export class UsageError extends Error {}

/** The options, or 'help'. */
export function parseCommandLine(args: readonly string[], nowMs: number): ImportOptions | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const files = [...new Set(positionals)];
  if (files.length === 0) throw new UsageError('No file given: name an access log, or "-" for standard input.');
  if (files.includes('')) throw new UsageError('A file name is empty.');
  return {
    files,
    events: address(values.events ?? '127.0.0.1:50051'),
    source: sourceName(values.source ?? ''),
    shiftTo: values['shift-to'] === undefined ? undefined : dayOf(values['shift-to'], nowMs),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        events: { type: 'string' },
        source: { type: 'string' },
        'shift-to': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // Node's own words are several sentences; the first one says what is wrong.
    const [first = ''] = (error as Error).message.split(/\.\s|\n/, 1);
    throw new UsageError(`${first.replace(/\.$/, '')}. See --help.`);
  }
}

function address(text: string): string {
  const [, port] = /^(?:[^\s:/[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(`--events "${text}" is no address: write HOST:PORT, such as 127.0.0.1:50051.`);
  }
  return text;
}

function sourceName(text: string): string {
  if (Buffer.byteLength(text) <= maxSourceBytes && !text.includes('\n')) return text;
  throw new UsageError(`--source is too long: write a name of at most ${maxSourceBytes} bytes.`);
}

const dayMs = 86_400_000;
// Times up to here are exact; the service says itself which are too far ahead.
const latestDay = Date.UTC(2199, 11, 31) / dayMs;

function dayOf(text: string, nowMs: number): number {
  if (text === 'yesterday') return Math.floor(nowMs / dayMs) - 1;
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // Date.parse takes 30 February for 1 March.
  if (
    Number.isNaN(time) ||
    new Date(time).toISOString().slice(0, 10) !== text ||
    time < 0 ||
    time / dayMs > latestDay
  ) {
    throw new UsageError(`--shift-to "${text}" is no date: write YYYY-MM-DD, from 1970 on, or "yesterday".`);
  }
  return time / dayMs;
}
