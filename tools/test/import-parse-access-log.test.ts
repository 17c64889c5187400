import { Malformed, parseAccessLog, type AccessLogEntry } from '../src/import/parse-access-log.ts';

const time = '[31/Jan/2026:23:59:58 +0000]';

function parse(line: string): AccessLogEntry | Malformed {
  return parseAccessLog(Buffer.from(line, 'utf8').toString('latin1'));
}

function withRequest(request: string): unknown {
  return parse(`::1 - - ${time} "${request}" 400 -`);
}

function timeOf(stamp: string): string | undefined {
  const entry = parse(`::1 - - [${stamp}] "GET / HTTP/1.1" 200 1`);
  return entry instanceof Malformed ? undefined : new Date(entry.timeMs).toISOString();
}

test('reads the combined format', () => {
  expect(
    parse(`203.0.113.9 - ann ${time} "GET /a?b=c HTTP/1.1" 200 203023 "http://x.test/" "Mozilla/5.0 (X11)"`),
  ).toEqual({
    host: '203.0.113.9',
    user: 'ann',
    timeMs: Date.parse('2026-01-31T23:59:58Z'),
    method: 'GET',
    target: '/a?b=c',
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 203_023,
    referrer: 'http://x.test/',
    userAgent: 'Mozilla/5.0 (X11)',
  });
});

test('reads the common format, and dashes as nothing', () => {
  const common = { referrer: undefined, userAgent: undefined, user: undefined };
  expect(parse(`host.example - - ${time} "GET / HTTP/1.0" 304 -`)).toMatchObject({ ...common, bytes: undefined });
  expect(parse(`host.example - - ${time} "GET / HTTP/1.0" 200 7 "-" "-"`)).toMatchObject({ ...common, bytes: 7 });
  expect(parse(`host.example - "" ${time} "GET / HTTP/1.0" - 7 "" ""`)).toMatchObject({ ...common, status: undefined });
});

test.each([
  ['127.0.0.1'],
  ['2001:db8::17'],
  ['::ffff:192.0.2.1'],
  ['fe80::1%eth0'],
  ['crawl-66.example.com'],
  ['unix:'],
])('takes %s for a client', (host) => {
  expect(parse(`${host} - - ${time} "GET / HTTP/1.1" 200 1 "-" "x"`)).toMatchObject({ host });
});

test.each([
  ['17/May/2015:10:05:03 +0000', '2015-05-17T10:05:03.000Z'],
  ['01/Jan/2026:00:30:00 +0200', '2025-12-31T22:30:00.000Z'],
  ['31/Dec/2025:20:00:00 -0430', '2026-01-01T00:30:00.000Z'],
  ['29/Feb/2024:12:00:00 +0545', '2024-02-29T06:15:00.000Z'],
  ['30/Jun/2015:23:59:60 +0000', '2015-07-01T00:00:00.000Z'],
  ['01/Jan/1970:00:00:00 +0000', '1970-01-01T00:00:00.000Z'],
])('reads the time %s', (stamp, expected) => {
  expect(timeOf(stamp)).toBe(expected);
});

test('knows the months', () => {
  const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const times = names.map((month) => timeOf(`09/${month}/2026:00:00:00 +0000`));
  expect(times).toEqual(names.map((_, index) => new Date(Date.UTC(2026, index, 9)).toISOString()));
});

test.each([
  '29/Feb/2025:12:00:00 +0000',
  '31/Apr/2026:12:00:00 +0000',
  '00/Jan/2026:12:00:00 +0000',
  '01/Jän/2026:12:00:00 +0000',
  '01/Jan/2026:24:00:00 +0000',
  '01/Jan/2026:12:60:00 +0000',
  '01/Jan/1969:12:00:00 +0000',
  '01/Jan/1970:00:00:00 +0100',
  '01/Jan/0026:12:00:00 +0000',
  '2026-01-31T23:59:58Z',
])('refuses the time %s', (stamp) => {
  expect(timeOf(stamp)).toBeUndefined();
});

test.each([
  ['GET /a b/c.html HTTP/1.1', { method: 'GET', target: '/a b/c.html', protocol: 'HTTP/1.1' }],
  ['GET /old', { method: 'GET', target: '/old', protocol: undefined }],
  ['OPTIONS * HTTP/1.0', { method: 'OPTIONS', target: '*', protocol: 'HTTP/1.0' }],
  ['CONNECT x.test:443 HTTP/1.1', { method: 'CONNECT', target: 'x.test:443' }],
  ['PRI * HTTP/2.0', { method: 'PRI', target: '*', protocol: 'HTTP/2.0' }],
  ['GET HTTP/1.1', { method: 'GET', target: 'HTTP/1.1', protocol: undefined }],
  ['hello', { method: undefined, target: 'hello', protocol: undefined }],
  // A TLS greeting to a plain port, as Apache and as nginx write it.
  [String.raw`\x16\x03\x01\x02`, { method: undefined, target: String.raw`\x16\x03\x01\x02` }],
  [String.raw`\x16\x03\x01 \x00\xEE\xFD`, { method: undefined, target: String.raw`\x16\x03\x01 \x00\xEE\xFD` }],
])('reads the request %s', (request, expected) => {
  expect(withRequest(request)).toMatchObject(expected);
});

test.each(['', '-', ' '])('finds no page in the request "%s"', (request) => {
  expect(withRequest(request)).toEqual(new Malformed('its request is empty: there is no page'));
});

test.each([
  [String.raw`/say\"hi\"`, '/say"hi"'],
  [String.raw`/back\\slash`, '/back\\slash'],
  [String.raw`/nginx\x22quote\x5C`, '/nginx"quote\\'],
  [String.raw`/caf\xc3\xa9`, '/café'],
  ['/café', '/café'],
  [String.raw`/mixed\xc3\xa9é`, '/mixedéé'],
  // No text: it stays as it is logged.
  [String.raw`/latin1-\xe9`, String.raw`/latin1-\xe9`],
  [String.raw`/nul\x00`, String.raw`/nul\x00`],
  [String.raw`/line\nbreak\x0a`, String.raw`/line\nbreak\x0a`],
])('undoes the escapes of %s', (logged, target) => {
  expect(withRequest(`GET ${logged} HTTP/1.1`)).toMatchObject({ target });
});

test('reads a quote in a user agent, and a backslash at its end', () => {
  const agent = String.raw`Quote \"x\" \\`;
  expect(parse(`::1 - - ${time} "GET / HTTP/1.1" 200 1 "-" "${agent}"`)).toMatchObject({ userAgent: 'Quote "x" \\' });
});

test('puts a replacement character for bytes that are no UTF-8', () => {
  const line = Buffer.concat([
    Buffer.from(`::1 - - ${time} "GET /`),
    Buffer.from([0xe9]),
    Buffer.from(' HTTP/1.1" 200 1'),
  ]);
  expect(parseAccessLog(line.toString('latin1'))).toMatchObject({ target: '/\ufffd' });
});

test('leaves out what follows the combined format', () => {
  const line = `::1 - - ${time} "GET / HTTP/1.1" 200 1 "-" "agent"`;
  expect(parse(`${line} "203.0.113.1, 10.0.0.1"`)).toEqual(parse(line));
  expect(parse(`${line} 0.004 .`)).toEqual(parse(line));
});

test('reads a user with a space', () => {
  expect(parse(`::1 - Ann B ${time} "GET / HTTP/1.1" 200 1`)).toMatchObject({ user: 'Ann B' });
});

test.each([
  ['what is this', 'it does not begin as "host ident user [time]"'],
  [`::1 - ${time} "GET / HTTP/1.1" 200 1`, 'it does not begin as "host ident user [time]"'],
  [`x.test:80 ::1 - - ${time} "GET / HTTP/1.1" 200 1`, 'its first field is neither an address nor a host name'],
  ['::1 - - [yesterday] "GET / HTTP/1.1" 200 1', 'its time is not such as [31/Jan/2026:23:59:59 +0000]'],
  [`::1 - - ${time} GET / HTTP/1.1 200 1`, 'no quoted request follows its time'],
  [`::1 - - ${time} "GET / HTTP/1.1`, 'its request lacks the closing quote'],
  [String.raw`::1 - - ${time} "GET /\" 200 1`, 'its request lacks the closing quote'],
  [`::1 - - ${time} "GET / HTTP/1.1"`, 'no status and size follow its request'],
  [`::1 - - ${time} "GET / HTTP/1.1" 2000 1`, 'no status and size follow its request'],
  [`::1 - - ${time} "GET / HTTP/1.1" 200 1x`, 'no status and size follow its request'],
  [`::1 - - ${time} "GET / HTTP/1.1" 200 1 0.03`, 'its size is followed by neither its end nor a quoted referrer'],
  [`::1 - - ${time} "GET / HTTP/1.1" 200 1 "http`, 'its referrer lacks the closing quote'],
  [`::1 - - ${time} "GET / HTTP/1.1" 200 1 "-"`, 'no quoted user agent follows its referrer'],
  [`::1 - - ${time} "GET / HTTP/1.1" 200 1 "-" "Goo`, 'its user agent lacks the closing quote'],
  [`::1 - - ${time} "GET / HTTP/1.1" 200 1 "-" "a "b" c"`, 'its user agent holds a quote that is not escaped'],
  [`::1 - - ${time} "GET /\0 HTTP/1.1" 200 1`, 'it holds a NUL byte'],
])('says why %j cannot be read', (line, reason) => {
  expect(parse(line)).toEqual(new Malformed(reason));
});

test('gives up soon on lines made to be slow', () => {
  const startMs = performance.now();
  parse(`::1 - - ${time} "${'\\"'.repeat(30_000)}`);
  parse(`::1 - ${` ${time} "`.repeat(2_000)}`);
  parse(`::1 - - ${time} "${'\\'.repeat(60_000)}" 200 1 "${' "'.repeat(30_000)}`);
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
