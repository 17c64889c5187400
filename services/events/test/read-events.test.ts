import { status } from '@grpc/grpc-js';
import type { Event, EventFilter } from '@tidemark/contracts/events';
import { ListEventsRequest } from '@tidemark/contracts/events';
import { event, iso, range, startEvents, uuid, uuidAt, type Harness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse('2026-11-20T00:00:00Z') * 1_000 });
});
afterAll(() => harness.stop());

type Listing = Parameters<typeof ListEventsRequest.fromPartial>[0];

function list(request: Listing): ReturnType<Harness['events']['listEvents']> {
  return harness.events.listEvents(ListEventsRequest.fromPartial(request));
}

async function listAll(request: Listing): Promise<{ events: Event[]; pages: number }> {
  const events: Event[] = [];
  let pageToken = '';
  let pages = 0;
  do {
    const page = await list({ ...request, pageToken });
    events.push(...page.events);
    pageToken = page.nextPageToken;
    pages += 1;
  } while (pageToken !== '');
  return { events, pages };
}

describe('ListEvents', () => {
  const day = range('2026-11-01T00:00:00Z', '2026-11-04T00:00:00Z');
  const stored = Array.from({ length: 120 }, (_, i) =>
    event({ at: `2026-11-0${1 + Math.floor(i / 40)}T00:00:0${i % 10}.00000${i % 3}Z`, page: i % 2 ? '/odd' : '/even' }),
  );
  const keys = (events: Event[]): string[] =>
    events.map(({ time, id }) => `${time?.seconds}.${String(time?.nanos).padStart(9, '0')} ${id}`);

  beforeAll(() => harness.ingest(...stored));

  test.each([1, 7, 60, 120, 0])('pages of %i hold every event once, in the order of time and id', async (pageSize) => {
    const { events, pages } = await listAll({ range: day, pageSize });
    expect(keys(events)).toEqual(keys(stored).sort());
    expect(pages).toBe(Math.ceil(120 / (pageSize || 50)));
    const descending = await listAll({ range: day, pageSize, descending: true });
    expect(keys(descending.events)).toEqual(keys(stored).sort().reverse());
  });

  test('events that come while somebody pages are neither skipped over nor repeated behind the page', async () => {
    const first = await list({ range: day, pageSize: 60, filter: { pageCondition: { $case: 'page', value: '/odd' } } });
    expect(first.nextPageToken).toBe('');
    const half = await list({ range: day, pageSize: 60 });
    const late = event({ at: '2026-11-03T23:00:00Z' });
    await harness.ingest(late, event({ at: '2026-11-01T00:00:00Z' }));
    const rest = await listAll({ range: day, pageSize: 60, pageToken: half.nextPageToken });
    expect(rest.events.length).toBeGreaterThan(0);
    const second = await list({ range: day, pageSize: 1_000, pageToken: half.nextPageToken });
    expect(keys(second.events)).toEqual([...keys(stored).sort().slice(60), ...keys([late])]);
  });

  test('a page size over 1,000 is 1,000, and a negative one is refused', async () => {
    await harness.ingest(...Array.from({ length: 1_001 }, () => event({ at: '2026-10-01T00:00:00Z' })));
    const october = range('2026-10-01T00:00:00Z', '2026-11-01T00:00:00Z');
    expect((await list({ range: october, pageSize: 5_000 })).events).toHaveLength(1_000);
    await expect(list({ range: october, pageSize: -1 })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      fields: [{ field: 'page_size' }],
    });
  });

  test('a page token is for its own arguments', async () => {
    const { nextPageToken } = await list({ range: day, pageSize: 10 });
    const refused = { code: status.INVALID_ARGUMENT, reason: 'PAGE_TOKEN_INVALID', fields: [{ field: 'page_token' }] };
    const changed: Listing[] = [
      { range: range('2026-11-01T00:00:00Z', '2026-11-05T00:00:00Z') },
      { filter: { userId: 'u' } },
      { descending: true },
      { pageToken: `${nextPageToken.slice(0, -2)}AA` },
      { pageToken: 'AAAA' },
      { pageToken: '%' },
    ];
    for (const change of changed) {
      await expect(list({ range: day, pageToken: nextPageToken, ...change })).rejects.toMatchObject(refused);
    }
    expect((await list({ range: day, pageSize: 3, pageToken: nextPageToken })).events).toHaveLength(3);
  });
});

describe('a filter', () => {
  const when = range('2026-11-10T00:00:00Z', '2026-11-11T00:00:00Z');
  const at = '2026-11-10T10:00:00Z';
  const named = (userId: string, fields: Parameters<typeof event>[0]): Event => event({ at, userId, ...fields });

  beforeAll(() =>
    harness.ingest(
      named('a', { page: '/100%_sure', userAgent: 'Googlebot/2.1', properties: { n: 1, s: '1', o: { x: [1] } } }),
      named('b', { page: '/100', referrer: 'https://r/', sessionId: 's', properties: { n: '1', o: { x: [1, 2] } } }),
      named('c', { page: "/it's", userAgent: 'googleBOT 50%', properties: { n: null } }),
    ),
  );

  test.each<[string, Parameters<typeof EventFilter.fromPartial>[0]]>([
    ['abc', {}],
    ['b', { pageCondition: { $case: 'page', value: '/100' } }],
    ['ab', { pageCondition: { $case: 'pagePrefix', value: '/100' } }],
    ['a', { pageCondition: { $case: 'pagePrefix', value: '/100%_' } }],
    ['c', { pageCondition: { $case: 'page', value: "/it's" } }],
    ['b', { referrer: 'https://r/' }],
    ['b', { sessionId: 's' }],
    ['c', { userId: 'c' }],
    ['ac', { userAgentContains: 'GOOGLEbot' }],
    ['c', { userAgentContains: '50%' }],
    ['', { userAgentContains: '_' }],
    ['a', { properties: { n: 1 } }],
    ['b', { properties: { n: '1' } }],
    ['c', { properties: { n: null } }],
    ['', { properties: { missing: null } }],
    ['a', { properties: { o: { x: [1] } } }],
    ['a', { properties: { n: 1, s: '1' }, userAgentContains: 'bot' }],
    ['', { properties: JSON.parse('{"__proto__": "x"}') as Record<string, unknown> }],
    ['', { properties: { n: '\\u0000' } }],
  ])('finds "%s" with %j', async (users, filter) => {
    const { events } = await list({ range: when, filter });
    expect(
      events
        .map(({ userId }) => userId)
        .sort()
        .join(''),
    ).toBe(users);
  });
});

test('a filter that no event can meet is refused and not read as another', async () => {
  for (const properties of [{ n: Number.NaN }, { n: Infinity }, { n: 'a\0' }]) {
    await expect(
      list({ range: range('2026-11-10T00:00:00Z', '2026-11-11T00:00:00Z'), filter: { properties } }),
    ).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      fields: [{ field: 'filter.properties' }],
    });
  }
});

test('a page token knows the filter whatever the order of its properties, as a map has none', async () => {
  const when = range('2026-10-20T00:00:00Z', '2026-10-21T00:00:00Z');
  const properties = { a: 1, b: { c: 1, d: [1] } };
  await harness.ingest(...[0, 1].map(() => event({ at: '2026-10-20T00:00:00Z', properties })));
  const { nextPageToken } = await list({ range: when, filter: { properties }, pageSize: 1 });
  const reordered = { b: { d: [1], c: 1 }, a: 1 };
  expect(
    (await list({ range: when, filter: { properties: reordered }, pageToken: nextPageToken })).events,
  ).toHaveLength(1);
});

test('a page of large events has fewer, so that any client takes it', async () => {
  const when = range('2026-10-22T00:00:00Z', '2026-10-23T00:00:00Z');
  const large = Array.from({ length: 200 }, () =>
    event({ at: '2026-10-22T00:00:00Z', properties: { text: 'ü'.repeat(14_000) } }),
  );
  await harness.ingest(...large);
  const first = await list({ range: when, pageSize: 1_000 });
  expect(first.events.length).toBeLessThan(200);
  const { events } = await listAll({ range: when, pageSize: 1_000 });
  expect(new Set(events.map(({ id }) => id)).size).toBe(200);
});

describe('GetEvent', () => {
  test.each([
    ['at the time of its id', '2026-11-12T10:00:00Z', '2026-11-12T10:00:00Z'],
    ['a minute from it', '2026-11-12T10:00:00Z', '2026-11-12T10:01:00Z'],
    ['hours from it', '2026-11-12T10:00:00Z', '2026-11-12T18:00:00Z'],
    ['weeks from it', '2026-11-12T10:00:00Z', '2026-10-12T10:00:00Z'],
    ['though its id is beyond any date', '9999-01-01T00:00:00Z', '2026-11-12T10:00:00Z'],
  ])('finds an event %s', async (_, idTime, at) => {
    const stored = event({ id: uuidAt(idTime, Date.parse(at)), at });
    await harness.ingest(stored);
    expect((await harness.events.getEvent({ id: stored.id.toUpperCase() })).event?.id).toBe(stored.id);
  });

  test('answers the one nearest to the time inside the id', async () => {
    const id = uuidAt('2026-11-13T10:00:00Z', 1);
    await harness.ingest(event({ id, at: '2026-11-13T10:00:10Z' }), event({ id, at: '2026-11-13T09:59:55Z' }));
    expect(iso((await harness.events.getEvent({ id })).event?.time)).toBe('2026-11-13T09:59:55Z');
  });

  test('says what it does not know, and what is no id', async () => {
    await expect(harness.events.getEvent({ id: uuid(999_999) })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      reason: 'EVENT_NOT_FOUND',
    });
    await expect(harness.events.getEvent({ id: "' OR 1=1" })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      fields: [{ field: 'id' }],
    });
  });
});
