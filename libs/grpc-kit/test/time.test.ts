import { durationOf, MalformedTime, microsOfDuration, microsOfTimestamp, timestampOf } from '../src/index.ts';

test.each([
  [0n, 0, 0],
  [1n, 999, 1_000_000],
  [1n, 1_999, 1_000_001],
  [-1n, 500_000_000, -500_000],
  [-1n, 999_999_999, -1],
  [7_258_118_400n, 999_999_000, 7_258_118_400_999_999],
])('%s s and %s ns are %s µs', (seconds, nanos, micros) => {
  expect(microsOfTimestamp({ seconds, nanos })).toBe(micros);
  expect(microsOfTimestamp(timestampOf(micros))).toBe(micros);
  expect(timestampOf(micros).nanos).toBeGreaterThanOrEqual(0);
});

test('a timestamp outside its rules is refused', () => {
  for (const nanos of [-1, 1_000_000_000])
    expect(() => microsOfTimestamp({ seconds: 0n, nanos })).toThrow(MalformedTime);
});

test('a time beyond what microseconds can count is infinitely far away', () => {
  expect(microsOfTimestamp({ seconds: 2n ** 60n, nanos: 0 })).toBe(Infinity);
  expect(microsOfTimestamp({ seconds: -(2n ** 60n), nanos: 0 })).toBe(-Infinity);
});

test('durations keep their sign, to the nanosecond on the way out', () => {
  expect(microsOfDuration({ seconds: 1n, nanos: 500_000_999 })).toBe(1_500_000);
  expect(microsOfDuration({ seconds: -1n, nanos: -500_000_999 })).toBe(-1_500_000);
  expect(() => microsOfDuration({ seconds: 1n, nanos: -1 })).toThrow(MalformedTime);
  expect(() => microsOfDuration({ seconds: 0n, nanos: 1_000_000_000 })).toThrow(MalformedTime);
  expect(durationOf({ nanos: 1_500_000_001n })).toEqual({ seconds: 1n, nanos: 500_000_001 });
});
