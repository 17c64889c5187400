import { isUtf8 } from 'node:buffer';

/** One line of an access log in the common or the combined format of Apache and nginx. Undefined is the log's "-". */
export interface AccessLogEntry {
  /** An address or a name, as logged. */
  readonly host: string | undefined;
  readonly user: string | undefined;
  /** Milliseconds since 1970-01-01 UTC, not negative. */
  readonly timeMs: number;
  readonly method: string | undefined;
  /** What was asked for; the whole request where it is none of HTTP, such as a TLS greeting to a plain port. */
  readonly target: string;
  readonly protocol: string | undefined;
  readonly status: number | undefined;
  readonly bytes: number | undefined;
  readonly referrer: string | undefined;
  readonly userAgent: string | undefined;
}

/** Why a line cannot be read. It is returned and not thrown: one bad line never costs its neighbours. */
export class Malformed {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Reads `host ident user [time] "request" status bytes` and, in the combined format, `"referrer" "user agent"`. What
 * follows these is left out: nginx's packages configure a further field.
 *
 * @param line its bytes, one a character (latin1), so that escapes and UTF-8 are undone field by field
 */
export function parseAccessLog(line: string): AccessLogEntry | Malformed {
  if (line.includes('\0')) return new Malformed('it holds a NUL byte');
  const hostEnd = line.indexOf(' ');
  const userStart = line.indexOf(' ', hostEnd + 1) + 1;
  const userEnd = line.indexOf(' [', userStart - 1);
  if (hostEnd < 1 || userStart === 0 || userEnd < userStart) {
    return new Malformed('it does not begin as "host ident user [time]"');
  }
  const host = line.slice(0, hostEnd);
  if (!hostForm.test(host)) return new Malformed('its first field is neither an address nor a host name');

  const timeMs = timeAt(line, userEnd + 2);
  if (timeMs === undefined) return new Malformed('its time is not such as [31/Jan/2026:23:59:59 +0000]');

  const requestStart = userEnd + 31;
  if (!line.startsWith(' "', requestStart - 2)) return new Malformed('no quoted request follows its time');
  const requestEnd = closingQuote(line, requestStart);
  if (requestEnd === -1) return new Malformed('its request lacks the closing quote');
  const request = requestOf(line.slice(requestStart, requestEnd));
  if (!request) return new Malformed('its request is empty: there is no page');

  numbers.lastIndex = requestEnd + 1;
  const [counted, status, bytes] = numbers.exec(line) ?? [];
  if (counted === undefined) return new Malformed('no status and size follow its request');
  const agents = agentsAt(line, requestEnd + 1 + counted.length);
  if (agents instanceof Malformed) return agents;
  return {
    host: present(host),
    user: present(line.slice(userStart, userEnd)),
    timeMs,
    ...request,
    status: status === '-' ? undefined : Number(status),
    bytes: bytes === '-' ? undefined : Number(bytes),
    ...agents,
  };
}

// "unix:" is nginx's word for a client on a local socket. A colon is otherwise part of IPv6 alone, so that the virtual
// host that some formats put in front ("example.com:80") is not taken for the client.
const hostForm = /^(?:[\w.-]+|[0-9a-fA-F]*:[0-9a-fA-F:.]+(?:%[\w.-]+)?|unix:)$/;

const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const timeForm =
  /(\d\d)\/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\/(\d{4}):([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60) ([+-])([01]\d)([0-5]\d)\]/y;

/** The time, which always takes 27 characters with its closing bracket. */
function timeAt(line: string, at: number): number | undefined {
  timeForm.lastIndex = at;
  const [, day, month = '', year, hours, minutes, seconds, sign, zoneHours, zoneMinutes] = timeForm.exec(line) ?? [];
  const monthIndex = months.indexOf(month) / 3;
  const date = Date.UTC(Number(year), monthIndex, Number(day));
  // Date.UTC takes 30 February for 1 March.
  if (Number.isNaN(date) || new Date(date).getUTCDate() !== Number(day)) return undefined;
  const offset = Number(zoneHours) * 60 + Number(zoneMinutes);
  const local = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  const time = date + (local - (sign === '-' ? -offset : offset) * 60) * 1_000;
  return Number(year) >= 1_970 && time >= 0 ? time : undefined;
}

/** Where the quoted text that begins here ends, or -1. */
function closingQuote(line: string, start: number): number {
  let at = line.indexOf('"', start);
  while (at !== -1 && isEscaped(line, at)) at = line.indexOf('"', at + 1);
  return at;
}

function isEscaped(line: string, at: number): boolean {
  let backslashes = 0;
  while (line[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

const methodForm = /^[!#$%&'*+.^_`|~\w-]+$/;

/** METHOD target PROTOCOL, where the target may hold spaces and HTTP/0.9 has no protocol. Undefined: nothing was asked. */
function requestOf(request: string): Pick<AccessLogEntry, 'method' | 'target' | 'protocol'> | undefined {
  if (present(request.trim()) === undefined) return undefined;
  const methodEnd = request.indexOf(' ');
  const method = request.slice(0, Math.max(methodEnd, 0));
  const lastSpace = request.lastIndexOf(' ');
  const hasProtocol = lastSpace > methodEnd && request.startsWith('HTTP/', lastSpace + 1);
  const target = request.slice(methodEnd + 1, hasProtocol ? lastSpace : undefined).trim();
  if (!methodForm.test(method) || target === '') {
    return { method: undefined, target: unescaped(request), protocol: undefined };
  }
  const protocol = hasProtocol ? unescaped(request.slice(lastSpace + 1)) : undefined;
  return { method, target: unescaped(target), protocol };
}

const numbers = / (\d{3}|-) (\d{1,15}|-)(?= |$)/y;

/** The two fields that the combined format adds to the common one. */
function agentsAt(line: string, at: number): Pick<AccessLogEntry, 'referrer' | 'userAgent'> | Malformed {
  if (line.slice(at).trim() === '') return { referrer: undefined, userAgent: undefined };
  if (!line.startsWith(' "', at)) return new Malformed('its size is followed by neither its end nor a quoted referrer');
  const referrerEnd = closingQuote(line, at + 2);
  if (referrerEnd === -1) return new Malformed('its referrer lacks the closing quote');
  if (!line.startsWith(' "', referrerEnd + 1)) return new Malformed('no quoted user agent follows its referrer');
  const agentEnd = closingQuote(line, referrerEnd + 3);
  if (agentEnd === -1) return new Malformed('its user agent lacks the closing quote');
  if (agentEnd + 1 < line.length && line[agentEnd + 1] !== ' ') {
    return new Malformed('its user agent holds a quote that is not escaped');
  }
  return {
    referrer: present(line.slice(at + 2, referrerEnd)),
    userAgent: present(line.slice(referrerEnd + 3, agentEnd)),
  };
}

/** Undefined for what a log writes where there is nothing. */
function present(field: string): string | undefined {
  return field === '-' || field === '' || field === '""' ? undefined : unescaped(field);
}

const unusual = /[\\\u0080-\u00ff]/;
const escape = /\\(?:x([0-9a-fA-F]{2})|(["\\]))/g;
const control = /\p{Cc}/u;

/**
 * Undoes \", \\ and \xHH where that makes text. Otherwise the field stays as it is logged: a NUL or another control
 * character helps nobody, and neither do bytes that are no UTF-8.
 */
function unescaped(field: string): string {
  if (!unusual.test(field)) return field;
  const bytes = field.replace(escape, (_, hex: string | undefined, character: string) =>
    hex === undefined ? character : String.fromCharCode(parseInt(hex, 16)),
  );
  const buffer = Buffer.from(bytes, 'latin1');
  const text = isUtf8(buffer) ? buffer.toString('utf8') : undefined;
  return text === undefined || control.test(text) ? Buffer.from(field, 'latin1').toString('utf8') : text;
}
