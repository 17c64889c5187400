import { status } from '@grpc/grpc-js';
import { Dimension, Measure, TopValuesRequest, type TopValue } from '@tidemark/contracts/events';
import { event, range, startEvents, type Harness } from './harness.ts';

let harness: Harness;
const when = range('2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z');

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
  const at = '2026-11-01T10:00:00Z';
  const lasting = (page: string, sessionId: string, seconds?: bigint): ReturnType<typeof event> =>
    event({
      at,
      page,
      sessionId,
      ...(seconds !== undefined && { duration: { seconds } }),
      properties: { seconds: page },
    });
  await harness.ingest(
    lasting('/a', 's1', 1n), lasting('/a', 's1', 2n), lasting('/a', 's1', 9n),
    lasting('/b', 's1', 5n), lasting('/b', 's2', 5n),
    lasting('/c', 's3'), lasting('/d', 's4', 1n), lasting('/d', ''),
  ); // prettier-ignore
});
afterAll(() => harness.stop());

function top(request: Parameters<typeof TopValuesRequest.fromPartial>[0]): ReturnType<Harness['events']['topValues']> {
  return harness.events.topValues(
    TopValuesRequest.fromPartial({ range: when, by: { $case: 'dimension', value: Dimension.PAGE }, ...request }),
  );
}

const counted = ({ value, count }: TopValue): string => `${value} ${count}`;

test('by count, equal ones by value; other and total are there', async () => {
  const { values, other, total } = await top({ limit: 3 });
  expect(values.map(counted)).toEqual(['/a 3', '/b 2', '/d 2']);
  expect([other?.count, total?.count]).toEqual([1n, 8n]);
});

test('by different sessions: what is left is counted anew, since sessions can be in several values', async () => {
  const { values, other, total } = await top({ limit: 1, measure: Measure.UNIQUE_SESSIONS });
  expect(values).toMatchObject([{ value: '/b', count: 2n, uniqueSessions: 2n }]);
  expect(other).toMatchObject({ count: 6n, uniqueSessions: 3n });
  expect(total).toMatchObject({ count: 8n, uniqueSessions: 4n });
});

test('by a duration, values without one last', async () => {
  const { values, other } = await top({ measure: Measure.AVG_DURATION });
  expect(values.map(({ value, duration }) => [value, duration?.seconds])).toEqual([
    ['/b', 5n], ['/a', 4n], ['/d', 1n], ['/c', undefined],
  ]); // prettier-ignore
  expect(other).toMatchObject({ count: 0n });
  expect((await top({ measure: Measure.P50_DURATION, limit: 2 })).values.map(counted)).toEqual(['/b 2', '/a 3']);
});

test('by a property, with a filter; absent values are the empty one', async () => {
  const filter = { pageCondition: { $case: 'pagePrefix' as const, value: '/a' } };
  const { values, total } = await top({ by: { $case: 'property', value: 'seconds' }, filter });
  expect(values.map(counted)).toEqual(['/a 3']);
  expect(total?.count).toBe(3n);
  expect((await top({ by: { $case: 'property', value: 'none' } })).values.map(counted)).toEqual([' 8']);
  expect((await top({ by: { $case: 'dimension', value: Dimension.SESSION }, limit: 1 })).values.map(counted)).toEqual([
    's1 4',
  ]);
});

test('nothing in the range', async () => {
  const { values, other, total } = await top({ range: range('2026-10-01T00:00:00Z', '2026-10-02T00:00:00Z') });
  expect({ values, other: other?.count, total: total?.count }).toEqual({ values: [], other: 0n, total: 0n });
});

test('a bad request names every wrong field', async () => {
  await expect(
    top({ range: {}, by: { $case: 'dimension', value: 0 }, limit: -1, measure: 99 as never }),
  ).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    fields: ['range.start', 'range.end', 'dimension', 'measure', 'limit'].map((field) => ({ field })),
  });
});
