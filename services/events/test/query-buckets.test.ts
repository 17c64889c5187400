import { status } from '@grpc/grpc-js';
import { Dimension, Fill, Measure, QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import { event, iso, range, startEvents, timestamp, type Harness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
  await harness.ingest(
    event({ at: '2026-11-01T00:00:00Z', page: '/a' }),
    event({ at: '2026-11-01T00:59:59.999999Z', page: '/b' }),
    event({ at: '2026-11-01T01:00:00Z', page: '/a', referrer: 'https://example.org/' }),
    event({ at: '2026-11-01T03:30:00Z', page: '/a' }),
  );
});
afterAll(() => harness.stop());

const hourly = {
  range: range('2026-11-01T00:00:00Z', '2026-11-01T04:00:00Z'),
  width: { count: 1, unit: TimeUnit.HOUR },
};

async function bucketsOf(request: Parameters<typeof QueryBucketsRequest.fromPartial>[0]): Promise<string[]> {
  const { buckets } = await harness.events.queryBuckets(QueryBucketsRequest.fromPartial(request));
  return buckets.map(({ start, group, other, count }) => {
    const name = other ? ['other'] : group;
    return [iso(start).slice(11, 16), ...name, count].join(' ');
  });
}

async function violationsOf(request: Parameters<typeof QueryBucketsRequest.fromPartial>[0]): Promise<string[]> {
  const error = await harness.events
    .queryBuckets(QueryBucketsRequest.fromPartial(request))
    .catch((each: unknown) => each);
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'FIELD_INVALID' });
  return (error as { fields: Array<{ field: string; description: string }> }).fields.map(
    ({ field, description }) => `${field}: ${description}`,
  );
}

test('an event belongs to the bucket that its time begins, to the microsecond', async () => {
  expect(await bucketsOf(hourly)).toEqual(['00:00 2', '01:00 1', '03:00 1']);
});

test('FILL_ZERO adds the buckets without events, at the edges of the range too', async () => {
  const wider = { ...hourly, range: range('2026-10-31T23:00:00Z', '2026-11-01T05:00:00Z') };
  expect(await bucketsOf({ ...wider, fill: Fill.ZERO })).toEqual([
    '23:00 0', '00:00 2', '01:00 1', '02:00 0', '03:00 1', '04:00 0',
  ]); // prettier-ignore
});

test('the last bucket of a range can be longer than those before it', async () => {
  const at = ['2026-10-23T22:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T22:30:00Z'];
  await harness.ingest(...at.map((each) => event({ at: each })));
  const daysOfBerlin = { timeZone: 'Europe/Berlin', width: { unit: TimeUnit.DAY } };
  const untilItEnds = { ...daysOfBerlin, range: range('2026-10-23T22:00:00Z', '2026-10-25T23:00:00Z') };
  expect(await bucketsOf(untilItEnds)).toEqual(['22:00 1', '22:00 2']);
  // The measure is one that no rollup has.
  expect(await bucketsOf({ ...untilItEnds, measures: [Measure.P50_DURATION] })).toEqual(['22:00 1', '22:00 2']);
});

test('a range off the edges of its buckets counts what lies inside', async () => {
  const inside = { ...hourly, range: range('2026-11-01T00:00:00.000001Z', '2026-11-01T01:00:00.000001Z') };
  expect(await bucketsOf(inside)).toEqual(['00:00 1', '01:00 1']);
});

test('a range that begins within a second meets a change of clocks to the microsecond', async () => {
  await harness.ingest(event({ at: '2026-10-03T16:00:00.1Z' }), event({ at: '2026-10-03T16:00:00.7Z' }));
  const spring = {
    ...hourly,
    range: range('2026-10-02T12:00:00.5Z', '2026-10-05T12:00:00.5Z'),
    timeZone: 'Australia/Sydney',
  };
  expect(await bucketsOf(spring)).toEqual(['16:00 2']);
});

test('groups come by their events in the whole range; beyond the limit they are one, and an absent value is empty', async () => {
  const groupBy = [{ by: { $case: 'dimension' as const, value: Dimension.PAGE } }];
  expect(await bucketsOf({ ...hourly, groupBy, seriesLimit: 1 })).toEqual([
    '00:00 /a 1', '00:00 other 1', '01:00 /a 1', '03:00 /a 1',
  ]); // prettier-ignore
  const byReferrer = [{ by: { $case: 'dimension' as const, value: Dimension.REFERRER } }];
  expect(await bucketsOf({ ...hourly, groupBy: byReferrer })).toEqual([
    '00:00  2', '01:00 https://example.org/ 1', '03:00  1',
  ]); // prettier-ignore
});

test('no events is an empty answer', async () => {
  const nothing = { ...hourly, filter: { sessionId: 'nobody' } };
  expect(await bucketsOf(nothing)).toEqual([]);
  expect(await bucketsOf({ ...nothing, fill: Fill.ZERO })).toHaveLength(4);
});

test('the widest bucket has 100 years', async () => {
  const widest = { ...hourly, width: { count: 100, unit: TimeUnit.YEAR } };
  expect(await bucketsOf(widest)).toEqual(['00:00 4']);
  expect(await violationsOf({ ...hourly, width: { count: 101, unit: TimeUnit.YEAR } })).toEqual([
    expect.stringMatching(/^width: Is over 100 years/),
  ]);
});

test('a time out of range is told as such, however far out', async () => {
  const far = { start: { seconds: -(2n ** 62n) }, end: { seconds: 253_402_300_799n } };
  expect(await violationsOf({ ...hourly, range: far })).toEqual([
    expect.stringMatching(/^range.start: Must be from 1970/),
    expect.stringMatching(/^range.end: Must be from 1970/),
  ]);
});

test('a bad request names every wrong field', async () => {
  expect(await violationsOf({})).toEqual([
    expect.stringMatching(/^range.start: Required/),
    expect.stringMatching(/^range.end: Required/),
    expect.stringMatching(/^width.unit: Required/),
  ]);
  const wrong = {
    range: { start: timestamp('2026-11-02T00:00:00Z'), end: timestamp('2026-11-02T00:00:00Z') },
    width: { count: -1, unit: TimeUnit.DAY },
    timeZone: 'Europe/Atlantis',
    groupBy: [{}, { by: { $case: 'property' as const, value: '' } }],
    measures: [99 as never],
    fill: 77 as never,
    seriesLimit: 1_001,
    filter: { referrer: 'a\0', properties: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`p${i}`, i])) },
  };
  expect((await violationsOf(wrong)).map((text) => text.split(':')[0])).toEqual([
    'range.end', 'width.count', 'time_zone', 'filter.referrer', 'group_by[0]', 'measures[0]', 'fill', 'series_limit',
  ]); // prettier-ignore
});

test.each(['+05:30', 'IST', 'GMT+5', 'SystemV/AST4', 'Europe/Berlin\0', "UTC'; DROP TABLE events.events; --"])(
  '%s is no IANA time zone',
  async (timeZone) => {
    expect(await violationsOf({ ...hourly, timeZone })).toEqual([expect.stringMatching(/^time_zone: /)]);
  },
);

test.each(['CET', 'EET', 'MET', 'WET', 'EST', 'EST5EDT', 'Etc/GMT+5', 'asia/kathmandu', 'PRC', 'Asia/Calcutta'])(
  'the clock of %s is that of the IANA database',
  async (timeZone) => {
    const summer = { width: { count: 1, unit: TimeUnit.DAY }, timeZone, fill: Fill.ZERO };
    const { buckets } = await harness.events.queryBuckets(
      QueryBucketsRequest.fromPartial({ ...summer, range: range('2026-07-10T12:00:00Z', '2026-07-10T12:00:01Z') }),
    );
    const shown = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' });
    expect(shown.format(Number(buckets[0]?.start?.seconds) * 1_000)).toBe('00:00:00');
  },
);

test('an answer of over 10,000 buckets is refused with a width that fits', async () => {
  const long = {
    range: range('2026-09-01T00:00:00Z', '2026-10-01T00:00:00Z'),
    width: { count: 1, unit: TimeUnit.MINUTE },
  };
  const [refusal] = await violationsOf(long);
  expect(refusal).toMatch(/^width: .*choose a width of 5 minutes/);
  expect(await bucketsOf({ ...long, width: { count: 5, unit: TimeUnit.MINUTE } })).toEqual([]);
  expect(await violationsOf({ ...long, range: range('1970-01-01T00:00:00Z', '2200-01-01T00:00:00Z') })).toEqual([
    expect.stringMatching(/choose a width of 1 (week|month)/),
  ]);
});
