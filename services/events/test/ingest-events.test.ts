import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  Event,
  EventsServiceService,
  IngestEventsRequest,
  rejectionReasonToJSON,
  type IngestEventsResponse,
} from '@tidemark/contracts/events';
import pg from 'pg';
import { event, iso, range, startEvents, timestamp, uuid, uuidAt, type Harness } from './harness.ts';

const now = '2026-11-20T12:00:00Z';
let harness: Harness;

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse(now) * 1_000 });
});
afterAll(() => harness.stop());

async function reasonOf(sent: Event, sentAt?: string): Promise<string> {
  const { rejections, stored } = await harness.events.ingestEvents(
    IngestEventsRequest.fromPartial({ events: [sent], ...(sentAt && { sentAt: timestamp(sentAt) }) }),
  );
  if (stored === 1) return 'stored';
  return rejectionReasonToJSON(rejections[0]?.reason ?? 0).replace('REJECTION_REASON_', '');
}

test('every field comes back as it was sent', async () => {
  const sent = event({
    id: '0198C0A1-0000-7000-8000-0000000000AB',
    at: '2026-11-03T10:04:05.123456Z',
    page: '/a\tb\n\\N\r"ü😀',
    userAgent: 'Mozilla/5.0 \\ (X11)',
    ipAddress: '2001:db8::1',
    referrer: 'https://example.org/?q=%20',
    sessionId: 's-1',
    userId: 'u-1',
    duration: { seconds: 1n, nanos: 250_001_000 },
    properties: { text: 'a\\"b\n', number: -0.1, list: [1, null, true], nested: { deep: {} }, __proto__x: 1 },
  });
  await harness.ingest(sent);
  const { event: got } = await harness.events.getEvent({ id: sent.id });
  expect(got).toEqual({ ...sent, id: sent.id.toLowerCase(), receivedTime: timestamp(now) });
});

test('an event without a time takes that of its id, and digits finer than a microsecond are cut off', async () => {
  const id = uuidAt('2026-11-03T10:04:05.678Z', 1);
  const fine = event({ at: '2026-11-03T10:04:05.123456789Z' });
  await harness.ingest(event({ id }), fine);
  expect(iso((await harness.events.getEvent({ id })).event?.time)).toBe('2026-11-03T10:04:05.678000000Z');
  expect(iso((await harness.events.getEvent({ id: fine.id })).event?.time)).toBe('2026-11-03T10:04:05.123456000Z');
});

test('one bad event never costs its neighbours', async () => {
  const good = (at: string): Event => event({ at: `2026-11-02T00:00:${at}Z` });
  const reply = await harness.send(
    good('00'),
    event({ id: 'nonsense', at: now }),
    good('01'),
    event({ at: now, page: '' }),
  );
  expect(reply).toMatchObject({ stored: 2, duplicates: 0 });
  expect(reply.rejections.map(({ index }) => index)).toEqual([1, 3]);
});

test.each<[string, Event]>([
  ['ID_INVALID', event({ id: '', at: now })],
  ['ID_INVALID', event({ id: '0198c0a1-0000-7000-8000-00000000000', at: now })],
  ['ID_INVALID', event({ id: uuid(1) })],
  ['TIME_TOO_OLD', event({ at: '2026-08-20T11:59:59.999999Z' })],
  ['stored', event({ at: '2026-08-20T12:00:00Z' })],
  ['TIME_TOO_OLD', event({ at: '1969-12-31T23:59:59Z' })],
  ['stored', event({ at: '2026-11-20T12:05:00Z' })],
  ['TIME_IN_FUTURE', event({ at: '2026-11-20T12:05:00.000001Z' })],
  ['TIME_IN_FUTURE', event({ id: 'ffffffff-ffff-7fff-8fff-ffffffffffff' })],
  ['FIELD_INVALID', Event.fromPartial({ ...event({}), time: { seconds: 1n, nanos: -1 } })],
  ['TIME_IN_FUTURE', Event.fromPartial({ ...event({}), time: { seconds: 1_795_000_000_000n } })],
  ['TIME_IN_FUTURE', Event.fromPartial({ ...event({}), time: { seconds: 2n ** 62n } })],
  ['TIME_TOO_OLD', Event.fromPartial({ ...event({}), time: { seconds: -(2n ** 62n) } })],
  ['PAGE_REQUIRED', event({ at: now, page: '' })],
  ['stored', event({ at: now, page: '😀'.repeat(4_096) })],
  ['FIELD_TOO_LONG', event({ at: now, page: 'x'.repeat(4_097) })],
  ['FIELD_TOO_LONG', event({ at: now, sessionId: 'x'.repeat(257) })],
  ['FIELD_INVALID', event({ at: now, referrer: 'a\0b' })],
  ['IP_INVALID', event({ at: now, ipAddress: '10.0.0.256' })],
  ['IP_INVALID', event({ at: now, ipAddress: '10.0.0.1/8' })],
  ['IP_INVALID', event({ at: now, ipAddress: 'fe80::1%eth0' })],
  ['stored', event({ at: now, ipAddress: '::ffff:10.0.0.1' })],
  ['DURATION_INVALID', event({ at: now, duration: { seconds: -1n, nanos: 0 } })],
  ['DURATION_INVALID', event({ at: now, duration: { seconds: 1n, nanos: -1 } })],
  ['DURATION_INVALID', event({ at: now, duration: { seconds: 366n * 86_400n, nanos: 1_000 } })],
  ['stored', event({ at: now, duration: { seconds: 366n * 86_400n, nanos: 0 } })],
  ['PROPERTIES_INVALID', event({ at: now, properties: { n: Number.NaN } })],
  ['PROPERTIES_INVALID', event({ at: now, properties: { list: [{ text: 'a\0' }] } })],
  ['PROPERTIES_INVALID', event({ at: now, properties: { 'a\0': 1 } })],
  ['PROPERTIES_INVALID', event({ at: now, properties: nested(33) })],
  ['PROPERTIES_INVALID', event({ at: now, properties: nested(33, 1) })],
  ['PROPERTIES_INVALID', event({ at: now, properties: nested(500, 1) })],
  ['stored', event({ at: now, properties: nested(32) })],
  ['stored', event({ at: now, properties: nested(32, 1) })],
  ['stored', event({ at: now, properties: { huge: 1.7e308, tiny: 5e-324, text: '\\u0000' } })],
  ['stored', event({ at: now, properties: { text: 'x'.repeat(32_000) } })],
  ['EVENT_TOO_LARGE', event({ at: now, properties: { text: 'x'.repeat(32_768) } })],
  ['EVENT_TOO_LARGE', event({ at: now, properties: { list: new Array<number>(3_000).fill(1) } })],
])('%s', async (reason, sent) => {
  expect(await reasonOf(sent)).toBe(reason);
});

function nested(levels: number, leaf?: number): Record<string, unknown> {
  if (levels > 1) return { in: nested(levels - 1, leaf) };
  return leaf === undefined ? {} : { leaf };
}

test('an event that cannot even be decoded costs its neighbours nothing', async () => {
  const { stored, rejections } = await harness.send(
    event({ at: now }),
    event({ properties: nested(60, 1) }),
    event({ at: now }),
  );
  expect({ stored, rejections }).toMatchObject({ stored: 2, rejections: [{ index: 1 }] });
});

test('an event whose text is no UTF-8 is rejected alone', async () => {
  const request = IngestEventsRequest.fromPartial({
    events: [event({ at: now }), event({ at: now, page: '/laxtext' }), event({ at: now })],
  });
  const bytes = Buffer.from(IngestEventsRequest.encode(request).finish());
  bytes.fill(0xff, bytes.indexOf('laxtext'), bytes.indexOf('laxtext') + 7);
  const client = new Client(`127.0.0.1:${harness.port}`, credentials.createInsecure());
  const { path, responseDeserialize } = EventsServiceService.ingestEvents;
  const reply = await new Promise<IngestEventsResponse | undefined>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      () => bytes,
      responseDeserialize,
      {},
      new Metadata(),
      (error, response) => (error ? reject(error) : resolve(response)),
    );
  });
  client.close();
  expect(reply).toMatchObject({ stored: 2, rejections: [{ index: 1 }] });
});

test('a rejection stays small, however large what it is about', async () => {
  const { stored, rejections } = await harness.send(
    event({ at: now }),
    event({ at: now, properties: { ['k'.repeat(30_000)]: Number.NaN } }),
    event({ at: now, properties: { ['k'.repeat(3_000_000)]: Number.NaN } }),
  );
  expect(stored).toBe(1);
  for (const { message } of rejections) expect(message.length).toBeLessThan(400);
});

test('a property may have any name', async () => {
  const json = '{"": 1, "__proto__": "x", "constructor": {"__proto__": {"a": 1}}}';
  const sent = event({ at: now, properties: JSON.parse(json) as Record<string, unknown> });
  await harness.ingest(sent);
  const { event: got } = await harness.events.getEvent({ id: sent.id });
  expect(JSON.stringify(sorted(got?.properties))).toBe(JSON.stringify(sorted(JSON.parse(json))));
});

/** As entries, which show a name of any kind. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
}

test('sent_at shows how far a clock is ahead, and a time in the future is measured by that', async () => {
  const ahead = '2026-11-20T13:00:00Z';
  expect(await reasonOf(event({ at: ahead }))).toBe('TIME_IN_FUTURE');
  expect(await reasonOf(event({ at: ahead }), ahead)).toBe('stored');
  expect(await reasonOf(event({ at: '2026-11-20T13:06:00Z' }), ahead)).toBe('TIME_IN_FUTURE');
  await expect(reasonOf(event({ at: now }), '2026-11-22T00:00:00Z')).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    fields: [{ field: 'sent_at', description: expect.stringMatching(/day/) as string }],
  });
});

test('a batch holds 1 to 5,000 events', async () => {
  const refused = { code: status.INVALID_ARGUMENT, reason: 'FIELD_INVALID', fields: [{ field: 'events' }] };
  await expect(harness.send()).rejects.toMatchObject(refused);
  const many = Array.from({ length: 5_001 }, () => event({ at: '2026-10-01T00:00:00Z' }));
  await expect(harness.send(...many)).rejects.toMatchObject(refused);
  await harness.ingest(...many.slice(1));
});

describe('de-duplication', () => {
  test('the same id and time is stored once, within a request and over requests', async () => {
    const one = event({ at: '2026-09-01T00:00:00Z' });
    expect(await harness.send(one, one)).toMatchObject({ stored: 1, duplicates: 1 });
    const two = event({ at: '2026-09-01T00:00:01Z', properties: { a: [1, '"\\'] } });
    expect(await harness.send(two, one, { ...one, id: one.id.toUpperCase() })).toMatchObject({
      stored: 1,
      duplicates: 2,
    });
    const { events } = await harness.events.listEvents({
      range: range('2026-09-01T00:00:00Z', '2026-09-02T00:00:00Z'),
      filter: undefined,
      pageSize: 0,
      pageToken: '',
      descending: false,
    });
    expect(events.map(({ id, properties }) => [id, properties])).toEqual([
      [one.id, undefined],
      [two.id, two.properties],
    ]);
  });

  test('the first of two with one key stays', async () => {
    const first = event({ at: '2026-09-03T00:00:00Z', page: '/first' });
    expect(await harness.send(first, { ...first, page: '/second' })).toMatchObject({ stored: 1, duplicates: 1 });
    await harness.send({ ...first, page: '/third' });
    expect((await harness.events.getEvent({ id: first.id })).event?.page).toBe('/first');
  });

  test('one id at two times is two events', async () => {
    const one = event({ at: '2026-09-04T00:00:00Z' });
    await harness.ingest(one, { ...one, time: timestamp('2026-09-04T00:00:01Z') });
  });

  test('of many callers with the same events, each is stored once and counted once', async () => {
    const seed = Math.floor(Math.random() * 1_000);
    const shared = Array.from({ length: 300 }, (_, i) => event({ at: `2026-09-05T00:0${(i + seed) % 10}:00Z` }));
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, caller) =>
        harness.send(...shared.slice(caller * 10, caller * 10 + 150).reverse()),
      ),
    );
    const stored = replies.reduce((sum, reply) => sum + reply.stored, 0);
    const answered = replies.reduce((sum, reply) => sum + reply.stored + reply.duplicates, 0);
    expect({ stored, answered }).toEqual({ stored: 260, answered: 12 * 150 });
  });
});

test('the service can add and read events, and neither change nor remove them, while chunks are dropped', async () => {
  await harness.ingest(event({ at: '2026-08-25T00:00:00Z' }));
  const service = new pg.Client({ connectionString: harness.databaseUrl });
  await service.connect();
  await service.query('SET ROLE tidemark_events');
  const owner = new pg.Client({ connectionString: harness.databaseUrl });
  await owner.connect();
  try {
    const refused = { code: '42501' };
    await expect(service.query(`UPDATE events.events SET page = ''`)).rejects.toMatchObject(refused);
    await expect(service.query('DELETE FROM events.events')).rejects.toMatchObject(refused);
    await expect(service.query('TRUNCATE events.events')).rejects.toMatchObject(refused);
    await expect(service.query('CREATE TABLE events.more ()')).rejects.toMatchObject(refused);
    const { rows: chunks } = await service.query<{ chunk: string }>(`SELECT show_chunks('events.events') AS chunk`);
    await expect(service.query(`DELETE FROM ${chunks[0]?.chunk ?? ''}`)).rejects.toMatchObject(refused);
    const dropped = await owner.query(`SELECT drop_chunks('events.events', older_than => '2026-08-26'::timestamptz)`);
    expect(dropped.rowCount).toBeGreaterThan(0);
  } finally {
    await service.end();
    await owner.end();
  }
});
