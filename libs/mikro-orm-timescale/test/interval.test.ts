import { fixedWidth, formatInterval, parseInterval } from '../src/interval.ts';

const spelled = (text: string): string | undefined => {
  const interval = parseInterval(text);
  return interval && formatInterval(interval);
};

test.each([
  ['1 day', '1 day'],
  ['2 weeks', '14 days'],
  ['1 year', '12 months'],
  ['3 mons', '3 months'],
  ['1 mon 7 days 12:30:00', '1 month 7 days 12 hours 30 minutes'],
  ['168:00:00', '168 hours'],
  ['0.5 hours', '30 minutes'],
  ['00:00:00.25', '250000 microseconds'],
])('%s is spelled %s', (text, canonical) => {
  expect(spelled(text)).toBe(canonical);
  expect(spelled(canonical)).toBe(canonical);
});

test.each(['', '7', 'day', '-1 days', '1 day ago', '0.5 months', '0 days', '1 day;'])('%j is none', (text) => {
  expect(spelled(text)).toBeUndefined();
});

test('the width of a chunk has no calendar', () => {
  expect(formatInterval(fixedWidth({ months: 1, days: 0, micros: 3_600_000_000 * 36 }))).toBe('31 days 12 hours');
});
