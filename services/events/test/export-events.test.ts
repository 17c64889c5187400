import { status } from '@grpc/grpc-js';
import { ExportEventsRequest, type Event } from '@tidemark/contracts/events';
import { event, range, startEvents, type Harness } from './harness.ts';
import { StreamProcess } from './stream-process.ts';

let harness: Harness;
const eventCount = 6_000;

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
  // Several at each time, over ten days, in no order.
  for (let batch = 0; batch < 6; batch++) {
    const made = Array.from({ length: eventCount / 6 }, (_, number) =>
      event({
        at: `2026-11-${10 + (number % 10)}T10:${10 + batch}:00Z`,
        page: number % 3 === 0 ? '/third' : '/',
        properties: { number, batch },
      }),
    );
    await harness.ingest(...made);
  }
});
afterAll(() => harness.stop());

const everything = range('2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z');
type Asked = Parameters<typeof ExportEventsRequest.fromPartial>[0];

async function exported(asked: Asked): Promise<{ events: Event[]; sizes: number[]; cursors: string[] }> {
  const all: { events: Event[]; sizes: number[]; cursors: string[] } = { events: [], sizes: [], cursors: [] };
  const request = ExportEventsRequest.fromPartial({ range: everything, ...asked });
  for await (const { events, cursor } of harness.events.exportEvents(request)) {
    all.events.push(...events);
    all.sizes.push(events.length);
    all.cursors.push(cursor);
  }
  return all;
}

const key = ({ id, time }: Event): string => `${time?.seconds} ${String(time?.nanos).padStart(9, '0')} ${id}`;

test('an export has every event of the range once, by time and then id, as ListEvents has them', async () => {
  const { events, sizes } = await exported({});
  expect(events).toHaveLength(eventCount);
  const keys = events.map(key);
  expect(keys).toEqual([...new Set(keys)].sort());
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  const listed = await harness.events.listEvents({
    range: everything,
    filter: undefined,
    pageSize: 5,
    pageToken: '',
    descending: false,
  });
  expect(events.slice(0, 5)).toEqual(listed.events);
});

test('each cursor continues after its message', async () => {
  const whole = await exported({});
  let before = 0;
  for (const [index, cursor] of whole.cursors.entries()) {
    before += whole.sizes[index] ?? 0;
    if (index % 4 !== 0 && before !== eventCount) continue;
    const rest = await exported({ cursor });
    expect(rest.events.map(key)).toEqual(whole.events.slice(before).map(key));
  }
});

test('an export is of the filter and the half-open range', async () => {
  const third = await exported({ filter: { pageCondition: { $case: 'page', value: '/third' } } });
  expect(third.events).toHaveLength(6 * Math.ceil(1_000 / 3));
  const day = await exported({ range: range('2026-11-12T10:11:00Z', '2026-11-12T10:13:00Z') });
  expect(day.events).toHaveLength(2 * 100);
  expect((await exported({ range: range('2026-10-01T00:00:00Z', '2026-10-02T00:00:00Z') })).sizes).toEqual([]);
});

test.each([
  ['made up', 'bm90IGEgY3Vyc29yIGF0IGFsbCwgYnV0IGxvbmcgZW5vdWdo', {}],
  ['of another filter', undefined, { filter: { pageCondition: { $case: 'page' as const, value: '/third' } } }],
  ['of another range', undefined, { range: range('2026-11-02T00:00:00Z', '2026-12-01T00:00:00Z') }],
])('a cursor that is %s is refused', async (_, made, other) => {
  const cursor = made ?? (await exported({})).cursors[0] ?? '';
  await expect(exported({ ...other, cursor })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    fields: [{ field: 'cursor' }],
  });
});

test('an export without a range says what is missing', async () => {
  await expect(exported({ range: undefined })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    fields: [{ field: 'range.start' }, { field: 'range.end' }],
  });
});

test('large events travel in messages that clients take by default', async () => {
  const large = Array.from({ length: 100 }, (_, number) =>
    event({ at: '2026-10-20T10:00:00Z', properties: { number, text: 'x'.repeat(30_000) } }),
  );
  await harness.ingest(...large);
  const { sizes } = await exported({ range: range('2026-10-20T00:00:00Z', '2026-10-21T00:00:00Z') });
  expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
  expect(Math.max(...sizes) * 30_000).toBeLessThan(1_024 * 1_024);
});

test('a client that is killed again and again and goes on with its cursor has every event once', async () => {
  const client = new StreamProcess();
  const { events: expected } = await exported({ range: range('2026-01-01T00:00:00Z', '2026-12-01T00:00:00Z') });
  try {
    for (const messages of [1, 2, 4]) {
      client.start('export', harness.port);
      await client.messages(messages);
      await client.kill();
    }
    expect(await client.start('export', harness.port).ended).toBe(0);
    expect(client.ids).toEqual(expected.map(({ id }) => id));
  } finally {
    await client.stop();
  }
});
