import { once, on } from 'node:events';
import { IngestEventsRequest, StreamEventsRequest, type Event } from '@tidemark/contracts/events';
import { testServerUrl, type TestDatabase } from '@tidemark/testing';
import { event, eventsDatabase, iso, range, startEvents, timestamp, uuidAt, type Harness } from './harness.ts';

let now = '2026-11-20T12:00:00Z';
let harness: Harness;

beforeAll(async () => {
  harness = await startEvents({ clock: () => Date.parse(now) * 1_000 });
});
beforeEach(() => (now = '2026-11-20T12:00:00Z'));
afterAll(() => harness.stop());

type Outcome = 'stored' | 'duplicate' | 'rejected';

async function send(sent: Event, sentAt?: string, by: Harness = harness): Promise<Outcome> {
  const reply = await by.events.ingestEvents(
    IngestEventsRequest.fromPartial({ events: [sent], ...(sentAt && { sentAt: timestamp(sentAt) }) }),
  );
  return reply.stored === 1 ? 'stored' : reply.duplicates === 1 ? 'duplicate' : 'rejected';
}

async function timesOf(sent: Event): Promise<{ time: string; originalTime: string }> {
  const { events } = await harness.events.listEvents({
    range: range('2026-11-19T00:00:00Z', '2026-11-22T00:00:00Z'),
    filter: undefined,
    pageSize: 1_000,
    pageToken: '',
    descending: false,
  });
  const found = events.filter(({ id }) => id === sent.id);
  expect(found).toHaveLength(1);
  return { time: iso(found[0]?.time), originalTime: iso(found[0]?.originalTime) };
}

test.each([
  ['an hour ahead', '2026-11-20T13:00:00Z', '2026-11-20T12:58:00Z', '2026-11-20T11:58:00Z'],
  ['an hour behind', '2026-11-20T11:00:00Z', '2026-11-20T10:58:00Z', '2026-11-20T11:58:00Z'],
])('the time of a client whose clock is %s is corrected, and kept as it was', async (_, sentAt, given, corrected) => {
  const sent = event({ at: given });
  expect(await send(sent, sentAt)).toBe('stored');
  expect(await timesOf(sent)).toEqual({ time: corrected, originalTime: given });
});

test('a minute of difference may be the way of the request: nothing is corrected', async () => {
  const sent = event({ at: '2026-11-20T12:00:30Z' });
  expect(await send(sent, '2026-11-20T12:01:00Z')).toBe('stored');
  expect(await timesOf(sent)).toEqual({ time: '2026-11-20T12:00:30Z', originalTime: 'absent' });
});

test('the time inside an id is corrected like one that is given', async () => {
  const sent = event({ id: uuidAt('2026-11-20T12:58:00.000Z', 77) });
  expect(await send(sent, '2026-11-20T13:00:00Z')).toBe('stored');
  expect(await timesOf(sent)).toEqual({ time: '2026-11-20T11:58:00Z', originalTime: '2026-11-20T12:58:00Z' });
  expect((await harness.events.getEvent({ id: sent.id })).event?.id).toBe(sent.id);
});

test('what is too old or in the future is told by the corrected time', async () => {
  expect(await send(event({ at: '2026-11-20T13:04:00Z' }), '2026-11-20T13:00:00Z')).toBe('stored');
  expect(await send(event({ at: '2026-11-20T13:06:00Z' }), '2026-11-20T13:00:00Z')).toBe('rejected');
  expect(await send(event({ at: '2026-08-20T12:30:00Z' }), '2026-11-20T13:00:00Z')).toBe('rejected');
  expect(await send(event({ at: '2026-08-20T11:30:00Z' }), '2026-11-20T11:00:00Z')).toBe('stored');
});

describe('an event that is sent again is the same event', () => {
  const behind = '2026-11-20T11:00:00Z';
  const given = '2026-11-20T10:58:00Z';
  const firstCorrection = { time: '2026-11-20T11:58:00Z', originalTime: given };

  test('at another moment, where it would be corrected otherwise', async () => {
    const sent = event({ at: given });
    expect(await send(sent, behind)).toBe('stored');
    now = '2026-11-20T12:07:00Z';
    expect(await send(sent, behind)).toBe('duplicate');
    expect(await timesOf(sent)).toEqual(firstCorrection);
  });

  test('uncorrected after corrected', async () => {
    const sent = event({ at: given });
    expect(await send(sent, behind)).toBe('stored');
    expect(await send(sent)).toBe('duplicate');
    expect(await timesOf(sent)).toEqual(firstCorrection);
  });

  test('corrected after uncorrected', async () => {
    const sent = event({ at: given });
    expect(await send(sent)).toBe('stored');
    expect(await send(sent, behind)).toBe('duplicate');
    expect(await timesOf(sent)).toEqual({ time: given, originalTime: 'absent' });
  });

  test('among others that are new', async () => {
    const known = event({ at: given });
    await send(known, behind);
    const others = Array.from({ length: 50 }, () => event({ at: given }));
    expect(await harness.send(...others, known)).toMatchObject({ stored: 50, duplicates: 1 });
    const more = Array.from({ length: 50 }, () => event({ at: given }));
    const reply = await harness.events.ingestEvents(
      IngestEventsRequest.fromPartial({ events: [known, ...more, ...others], sentAt: timestamp(behind) }),
    );
    expect(reply).toMatchObject({ stored: 50, duplicates: 51 });
  });

  test('among others that are new, where a great many were corrected', async () => {
    const many = Array.from({ length: 2_100 }, () => event({ at: '2026-11-18T09:00:00Z' }));
    const reply = await harness.events.ingestEvents(
      IngestEventsRequest.fromPartial({ events: many, sentAt: timestamp(behind) }),
    );
    expect(reply).toMatchObject({ stored: 2_100, duplicates: 0 });
    const others = Array.from({ length: 50 }, () => event({ at: '2026-11-18T09:00:00Z' }));
    const last = many.slice(-5);
    expect(await harness.send(...others, ...last)).toMatchObject({ stored: 50, duplicates: 5 });
    expect(await harness.send(...others, ...last)).toMatchObject({ stored: 0, duplicates: 55 });
  });

  test('among others of the whole time that is kept', async () => {
    const days = Array.from({ length: 80 }, (_, day) =>
      new Date(Date.parse('2026-08-30T09:00:00Z') + day * 86_400_000).toISOString(),
    );
    const known = days.map((at) => event({ at }));
    const reply = await harness.events.ingestEvents(
      IngestEventsRequest.fromPartial({ events: known, sentAt: timestamp(behind) }),
    );
    expect(reply).toMatchObject({ stored: 80, duplicates: 0 });
    const others = days.map((at) => event({ at }));
    expect(await harness.send(...others)).toMatchObject({ stored: 80, duplicates: 0 });
    expect(await harness.send(...others, ...known)).toMatchObject({ stored: 0, duplicates: 160 });
  });
});

describe('an id that comes with two times, of which the one is corrected to the other, is two events', () => {
  const first = { given: '2026-11-20T04:30:00Z', now: '2026-11-20T12:30:00Z', sentAt: '2026-11-20T12:00:00Z' };
  const second = { given: '2026-11-20T05:00:00Z', now: '2026-11-20T12:00:00Z', sentAt: '2026-11-20T11:00:00Z' };

  test.each([
    ['the later one first', 78, [second, first]],
    ['the earlier one first', 79, [first, second]],
  ])('%s, and in the way of no other', async (_, number, sent) => {
    const id = uuidAt('2026-11-20T05:00:00.000Z', number);
    for (const each of sent) {
      ({ now } = each);
      expect(await send(event({ id, at: each.given }), each.sentAt)).toBe('stored');
    }
    expect(await send(event({ at: second.given }))).toBe('stored');
    expect(await send(event({ at: second.given }), second.sentAt)).toBe('stored');
  });
});

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one writer at a time.');

(testServerUrl ? test : test.skip)(
  'two instances that get the same events at once, corrected and not, store each once',
  async () => {
    const database: TestDatabase = await eventsDatabase();
    const shared = { url: database.url, stop: () => Promise.resolve() };
    const clock = (): number => Date.parse(now) * 1_000;
    const instances = [await startEvents({ database: shared, clock }), await startEvents({ database: shared, clock })];
    let stored = 0;
    for (let round = 0; round < 30; round++) {
      const sent = Array.from({ length: 40 }, () => event({ at: '2026-11-20T10:58:00Z' }));
      const replies = await Promise.all(
        [undefined, '2026-11-20T11:00:00Z', '2026-11-20T10:30:00Z', undefined].map((sentAt, number) =>
          (instances[number % 2] as Harness).events.ingestEvents(
            IngestEventsRequest.fromPartial({ events: sent, ...(sentAt && { sentAt: timestamp(sentAt) }) }),
          ),
        ),
      );
      stored += replies.reduce((sum, reply) => sum + reply.stored, 0);
      expect(stored).toBe((round + 1) * 40);
    }
    const { events } = await (instances[0] as Harness).events.listEvents({
      range: range('2026-11-19T00:00:00Z', '2026-11-22T00:00:00Z'),
      filter: undefined,
      pageSize: 1_000,
      pageToken: '',
      descending: true,
    });
    expect(new Set(events.map(({ id }) => id)).size).toBe(1_000);
    for (const instance of instances) await instance.stop();
    await database.stop();
  },
);

test('what a stream held up, its client did not send late', async () => {
  const stream = harness.events.streamEvents();
  const replies = on(stream, 'data');
  const sendAt = async (sent: Event, sentAt: string): Promise<void> => {
    stream.write(StreamEventsRequest.fromPartial({ sequence: 1n, events: [sent], sentAt: timestamp(sentAt) }));
    await replies.next();
  };
  const sent = [1, 2, 3].map(() => event({ at: '2026-11-20T11:58:00Z' })) as [Event, Event, Event];
  await sendAt(sent[0], '2026-11-20T12:00:00Z');
  now = '2026-11-20T12:10:00Z';
  await sendAt(sent[1], '2026-11-20T12:00:30Z');
  await sendAt(sent[2], '2026-11-20T13:10:00Z');
  stream.end();
  await once(stream, 'end');
  const asSent = { time: '2026-11-20T11:58:00Z', originalTime: 'absent' };
  expect(await timesOf(sent[0])).toEqual(asSent);
  expect(await timesOf(sent[1])).toEqual(asSent);
  // A clock that was set ahead meanwhile is one all the same.
  expect(await timesOf(sent[2])).toEqual({ time: '2026-11-20T10:58:00Z', originalTime: '2026-11-20T11:58:00Z' });
});
