import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openInput } from '../src/import/input.ts';
import { newestTime, shiftTo } from '../src/import/shift.ts';
import { parseCommandLine, UsageError } from '../src/import/usage.ts';

const now = Date.parse('2026-03-01T00:30:00Z');

function shifted(day: string, newest: string, time = newest): string {
  const options = parseCommandLine(['--shift-to', day, 'file'], now);
  if (options === 'help' || options.shiftTo === undefined) throw new Error('no day');
  return new Date(Date.parse(time) + shiftTo(options.shiftTo, Date.parse(newest))).toISOString();
}

test.each([
  ['2026-03-01', '2015-05-20T21:05:15Z', '2026-03-01T21:05:15.000Z'],
  ['2024-02-29', '2025-03-01T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2026-01-01', '2025-12-31T23:59:59Z', '2026-01-01T23:59:59.000Z'],
  ['2025-12-31', '2026-01-01T00:00:00Z', '2025-12-31T00:00:00.000Z'],
  ['2026-01-31', '2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
  ['yesterday', '2015-05-20T21:05:15Z', '2026-02-28T21:05:15.000Z'],
])('onto %s, the newest event of %s becomes %s', (day, newest, expected) => {
  expect(shifted(day, newest)).toBe(expected);
});

test('all times move by as many days', () => {
  expect(shifted('2026-03-01', '2015-05-20T21:05:15Z', '2015-05-17T10:05:03Z')).toBe('2026-02-26T10:05:03.000Z');
});

test('the newest event is that of all files, also where times are not in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'import-shift-'));
  const file = async (name: string, ...times: string[]) => {
    const path = join(folder, name);
    writeFileSync(path, times.map((time) => `::1 - - [${time}] "GET / HTTP/1.1" 200 1\n`).join('junk\n\n'));
    return openInput(name, path, new AbortController().signal);
  };
  const inputs = [
    await file('a', '20/May/2015:01:00:00 +0300', '18/May/2015:10:00:00 +0000'),
    await file('b', '19/May/2015:21:59:59 +0000', '19/May/2015:20:00:00 -0300'),
    await file('empty'),
  ];
  expect(new Date((await newestTime(inputs, () => undefined)) ?? 0).toISOString()).toBe('2015-05-19T23:00:00.000Z');
  expect(await newestTime(inputs.slice(2), () => undefined)).toBeUndefined();
  rmSync(folder, { recursive: true });
});

test.each([
  [[], 'No file given'],
  [['--what', 'x'], "Unknown option '--what'"],
  [['x', '--shift-to', '2025-02-29'], '--shift-to "2025-02-29" is no date'],
  [['x', '--shift-to', '1969-12-31'], 'is no date'],
  [['x', '--shift-to', 'tomorrow'], 'is no date'],
  [['x', '--events', 'localhost'], '--events "localhost" is no address'],
  [['x', '--events', 'localhost:70000'], 'is no address'],
])('refuses %j', (args, message) => {
  expect(() => parseCommandLine(args, now)).toThrow(UsageError);
  expect(() => parseCommandLine(args, now)).toThrow(message);
  try {
    parseCommandLine(args, now);
  } catch (error) {
    expect((error as Error).message).not.toContain('\n');
  }
});

test('takes addresses of all kinds, and the same file once', () => {
  expect(parseCommandLine(['a', '-', 'a', '--events', '[::1]:50051'], now)).toEqual({
    files: ['a', '-'],
    events: '[::1]:50051',
    source: '',
    shiftTo: undefined,
  });
  expect(parseCommandLine(['a'], now)).toMatchObject({ events: '127.0.0.1:50051' });
  expect(parseCommandLine(['--help'], now)).toBe('help');
});

test('the name of a source has a limit, and a day is one that times can be exact on', () => {
  expect(parseCommandLine(['a', '--source', 'web1'], now)).toMatchObject({ source: 'web1' });
  expect(() => parseCommandLine(['a', '--source', 'x'.repeat(257)], now)).toThrow(/--source is too long/);
  expect(() => parseCommandLine(['a', '--shift-to', '2999-01-01'], now)).toThrow(/--shift-to "2999-01-01"/);
});
