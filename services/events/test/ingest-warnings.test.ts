import { Metadata, status } from '@grpc/grpc-js';
import {
  EventsServiceService,
  IngestEventsRequest,
  IngestWarningKind,
  RejectionReason,
  type Event,
  type IngestWarning,
} from '@tidemark/contracts/events';
import { Client, credentials } from '@grpc/grpc-js';
import type { TestDatabase } from '@tidemark/testing';
import pg from 'pg';
import { event, eventsDatabase, iso, startEvents, timestamp, type Harness } from './harness.ts';

let now = '2026-11-20T12:00:30Z';
const clock = (): number => Date.parse(now) * 1_000;
let database: TestDatabase;
let shared: TestDatabase;

beforeAll(async () => {
  database = await eventsDatabase();
  shared = { url: database.url, stop: () => Promise.resolve() };
});
afterAll(() => database.stop());

/** Through an instance that stops afterwards, and so has stored what it counted. */
async function through(work: (harness: Harness) => Promise<unknown>): Promise<void> {
  const harness = await startEvents({ database: shared, clock });
  await work(harness);
  await harness.stop();
}

async function sendAs(caller: string, port: number, events: Event[], sentAt?: string): Promise<void> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = EventsServiceService.ingestEvents;
  const metadata = new Metadata();
  metadata.set('tidemark-caller', caller);
  const request = IngestEventsRequest.fromPartial({ events, ...(sentAt && { sentAt: timestamp(sentAt) }) });
  await new Promise<void>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  client.close();
}

async function warnings(filter: { caller?: string; kind?: IngestWarningKind } = {}): Promise<IngestWarning[]> {
  let listed: IngestWarning[] = [];
  await through(async ({ events }) => {
    listed = (await events.listIngestWarnings({ caller: '', kind: 0, ...filter })).warnings;
  });
  return listed;
}

test('what was noticed is counted by caller, kind and reason, over all instances', async () => {
  await through(async ({ port }) => {
    await sendAs('shop', port, [event({ at: '2026-11-20T12:58:00Z' })], '2026-11-20T13:00:30Z');
    await sendAs('shop', port, [event({ at: '2026-11-20T10:00:00Z' }), event({ at: '2026-11-20T12:00:00Z' })]);
    await sendAs('blog', port, [event({ id: 'x' }), event({ at: now, page: '' }), event({ id: '' })]);
    await sendAs('not a name!', port, [event({ id: 'x' })]);
  });
  await through(({ port }) => sendAs('blog', port, [event({ id: 'y' })]));
  const listed = await warnings();
  expect(
    listed.map(({ caller, kind, reason, lastHourCount, lastDayCount }) => [
      caller, kind, reason, Number(lastHourCount), Number(lastDayCount),
    ]), // prettier-ignore
  ).toEqual([
    ['blog', IngestWarningKind.REJECTED, RejectionReason.ID_INVALID, 3, 3],
    ['127.0.0.1', IngestWarningKind.REJECTED, RejectionReason.ID_INVALID, 1, 1],
    ['blog', IngestWarningKind.REJECTED, RejectionReason.PAGE_REQUIRED, 1, 1],
    ['shop', IngestWarningKind.LATE, RejectionReason.UNSPECIFIED, 1, 1],
    ['shop', IngestWarningKind.SKEWED, RejectionReason.UNSPECIFIED, 1, 1],
  ]);
  expect(listed[0]?.lastMessage).toMatch(/UUID/);
  expect(listed[4]?.lastMessage).toMatch(/3600 s ahead/);
  expect(iso(listed[0]?.lastTime)).toBe(now);
});

test('one caller, one kind', async () => {
  expect((await warnings({ caller: 'shop' })).map(({ caller }) => caller)).toEqual(['shop', 'shop']);
  expect(await warnings({ kind: IngestWarningKind.LATE })).toHaveLength(1);
  await through(async ({ events }) => {
    await expect(events.listIngestWarnings({ caller: '', kind: 99 as never })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      fields: [{ field: 'kind' }],
    });
  });
});

test('what is older than an hour counts for the day, and what is older than that is gone', async () => {
  now = '2026-11-20T14:00:00Z';
  expect(await warnings({ caller: 'shop' })).toMatchObject([
    { lastHourCount: 0n, lastDayCount: 1n },
    { lastHourCount: 0n, lastDayCount: 1n },
  ]);
  now = '2026-11-21T13:30:00Z';
  expect(await warnings()).toEqual([]);
});

test('an instance that runs stores what it counted every few seconds', async () => {
  const harness = await startEvents({ database: shared, clock });
  await harness.send(event({ id: 'z' }));
  const deadline = Date.now() + 60_000;
  let listed: IngestWarning[] = [];
  while (listed.length === 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    listed = (await harness.events.listIngestWarnings({ caller: '', kind: 0 })).warnings;
  }
  await harness.stop();
  expect(listed).toMatchObject([{ caller: '127.0.0.1', lastHourCount: 1n }]);
});

test('events that were refused count when they are stored', async () => {
  const sent = [event({ at: '2026-11-21T10:00:00Z' }), event({ id: 'w', at: now })];
  await through(async ({ port, databaseUrl }) => {
    const admin = new pg.Client({ connectionString: databaseUrl });
    await admin.connect();
    await admin.query('ALTER TABLE events.events RENAME TO elsewhere');
    await expect(sendAs('again', port, sent)).rejects.toMatchObject({ code: status.INTERNAL });
    await admin.query('ALTER TABLE events.elsewhere RENAME TO events');
    await admin.end();
    await sendAs('again', port, sent);
  });
  expect((await warnings({ caller: 'again' })).map(({ kind, lastHourCount }) => [kind, lastHourCount])).toEqual([
    [IngestWarningKind.LATE, 1n],
    [IngestWarningKind.REJECTED, 1n],
  ]);
});
