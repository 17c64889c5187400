import type { Event } from '@tidemark/contracts/events';
import { eventOfLine } from '../src/import/event-of-line.ts';
import { Malformed, parseAccessLog } from '../src/import/parse-access-log.ts';

const day = 86_400_000;

function eventOf(line: string, { number = 1, source = '', shiftMs = 0 } = {}): Event {
  const entry = parseAccessLog(line);
  if (entry instanceof Malformed) throw new Error(entry.reason);
  return eventOfLine({ number, bytes: Buffer.from(line), entry, source, shiftMs });
}

function line({
  host = '203.0.113.9',
  user = '-',
  at = '31/Jan/2026:10:00:00 +0000',
  agent = 'Mozilla/5.0',
} = {}): string {
  return `${host} - ${user} [${at}] "GET /a?b HTTP/1.1" 200 512 "http://x.test/" "${agent}"`;
}

test('maps a line to a page view', () => {
  expect(eventOf(line({ user: 'ann' }))).toMatchObject({
    time: { seconds: BigInt(Date.parse('2026-01-31T10:00:00Z') / 1_000), nanos: 0 },
    page: '/a?b',
    userAgent: 'Mozilla/5.0',
    ipAddress: '203.0.113.9',
    referrer: 'http://x.test/',
    userId: 'ann',
    properties: { method: 'GET', status: 200, bytes: 512, protocol: 'HTTP/1.1' },
  });
});

test('leaves absent what the log does not have', () => {
  const common = eventOf('::1 - - [31/Jan/2026:10:00:00 +0000] "GET / HTTP/1.1" 304 -');
  expect(common).toMatchObject({ referrer: '', userAgent: '', userId: '' });
  expect(common.properties).toEqual({ method: 'GET', status: 304, protocol: 'HTTP/1.1' });
});

test.each([
  ['2001:db8::17', '2001:db8::17', undefined],
  ['fe80::1%eth0', 'fe80::1', undefined],
  ['crawl-66.example.com', '', 'crawl-66.example.com'],
  ['999.1.1.1', '', '999.1.1.1'],
  ['-', '', undefined],
])('the client %s has the address "%s" and the host %s', (logged, address, host) => {
  const event = eventOf(line({ host: logged }));
  expect(event.ipAddress).toBe(address);
  expect(event.properties?.['host']).toBe(host);
});

describe('the id', () => {
  test('is a UUID of version 7 with the time of the event', () => {
    const { id } = eventOf(line());
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(Date.parse('2026-01-31T10:00:00Z'));
  });

  test('never changes from one version of this program to the next', () => {
    expect(eventOf(line(), { number: 17 }).id).toBe('019c137e-c100-7911-a1cd-588f169c61d7');
  });

  test('is of the line, its place and its time', () => {
    const first = eventOf(line()).id;
    expect(eventOf(line()).id).toBe(first);
    const others = [
      eventOf(line(), { number: 2 }),
      eventOf(line({ agent: 'Mozilla/5.1' })),
      eventOf(line(), { shiftMs: day }),
    ].map(({ id }) => id);
    expect(new Set([first, ...others]).size).toBe(4);
  });
});

test('a shift moves the time and the id', () => {
  const { id, time } = eventOf(line(), { shiftMs: -31 * day });
  expect(time?.seconds).toBe(BigInt(Date.parse('2025-12-31T10:00:00Z') / 1_000));
  expect(parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(Date.parse('2025-12-31T10:00:00Z'));
});

test('a visit is a client with a user agent on a UTC day', () => {
  const visit = eventOf(line()).sessionId;
  expect(visit).toMatch(/^[0-9a-f]{16}$/);
  expect(eventOf(line({ at: '31/Jan/2026:23:59:59 +0000' }), { number: 9 }).sessionId).toBe(visit);
  expect(eventOf(line({ at: '01/Feb/2026:00:00:00 +0000' })).sessionId).not.toBe(visit);
  expect(eventOf(line({ host: '203.0.113.8' })).sessionId).not.toBe(visit);
  expect(eventOf(line({ agent: 'other' })).sessionId).not.toBe(visit);
});

test('the same line of another server is another event, and of the same server the same', () => {
  const ids = ['', 'web1', 'web2', 'web1'].map((source) => eventOf(line(), { source }).id);
  expect(new Set(ids).size).toBe(3);
  expect(ids[1]).toBe(ids[3]);
});
