import { IngestEventsRequest, JobKind, type Event, type IngestEventsResponse } from '@tidemark/contracts/events';
import { testEdition } from '@tidemark/testing';
import pg from 'pg';
import { event, log, range, startEvents, timestamp, type Harness } from './harness.ts';
import { migrate } from '../src/db/migrate.ts';

const edition = await testEdition();
const onCommunity = edition === 'community' ? describe : describe.skip;
const onApache = edition === 'apache' ? test : test.skip;
console.info(`The database has the ${edition} edition of TimescaleDB: tests of the other one are skipped.`);

let harness: Harness;
beforeAll(async () => (harness = await startEvents()));
afterAll(() => harness.stop());

onApache('there is no columnstore, and a hypertable says so', async () => {
  const { hypertable } = await harness.hypertables.getHypertable({ name: 'events' });
  expect(hypertable?.columnstore).toBeUndefined();
  expect(hypertable?.editionNotes).toContainEqual(expect.stringMatching(/no columnstore/));
});

onCommunity('the columnstore', () => {
  const dayMs = 86_400_000;
  // In chunks of whole days: the ones of eight days ago and before are old enough for sure, the one of today is not.
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  const at = (daysAgo: number, ms: number): string => new Date(today - daysAgo * dayMs + ms).toISOString();
  const old = Array.from({ length: 3_000 }, (_, index) =>
    event({
      at: at(9 + (index % 2), 3_600_000 + index * 1_000),
      page: `/${index % 7}`,
      sessionId: `s${index % 300}`,
      userId: `u${index % 40}`,
    }),
  );
  const young = event({ at: at(0, 1_000) });
  const whole = range(at(20, 0).replace('.000', ''), at(-1, 0).replace('.000', ''));

  const columnstore = async () => (await harness.hypertables.getHypertable({ name: 'events' })).hypertable?.columnstore;
  const convert = async (): Promise<void> => {
    const { jobs } = await harness.hypertables.listJobs({});
    const job = jobs.find(({ kind }) => kind === JobKind.COLUMNSTORE);
    expect(job).toMatchObject({ target: 'events' });
    await harness.hypertables.runJob({ id: job?.id ?? '' });
  };
  const list = async (filter?: { sessionId?: string; userId?: string }): Promise<Event[]> => {
    const { events } = await harness.events.listEvents({
      range: whole,
      filter: {
        pageCondition: undefined,
        referrer: '',
        sessionId: '',
        userId: '',
        userAgentContains: '',
        properties: undefined,
        excludeBots: false,
        ...filter,
      },
      pageSize: 1_000,
      pageToken: '',
      descending: false,
    });
    return events;
  };
  const ids = (events: Event[]): string[] => events.map(({ id }) => id).sort();

  async function sql(text: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: harness.databaseUrl });
    await client.connect();
    try {
      return (await client.query<pg.QueryResultRow>(text)).rows;
    } finally {
      await client.end();
    }
  }

  test('is set as configured, and converts chunks that are wholly old enough', async () => {
    await harness.ingest(...old, young);
    expect(await columnstore()).toMatchObject({
      after: '7 days',
      segmentBy: [],
      orderBy: ['time', 'id'],
      chunkCount: 0,
    });
    await convert();
    expect(await columnstore()).toMatchObject({ chunkCount: 2 });
    const { chunks } = await harness.hypertables.listChunks({
      hypertable: 'events',
      range: undefined,
      pageSize: 0,
      pageToken: '',
    });
    expect(chunks.map((chunk) => chunk.columnstore)).toEqual([true, true, false]);
    const { bytesBefore = 0n, bytesAfter = 0n } = (await columnstore()) ?? {};
    expect(bytesAfter).toBeGreaterThan(0n);
    expect(bytesBefore).toBeGreaterThan(bytesAfter);
  });

  test('changes no answer', async () => {
    const ofSession = old.filter(({ sessionId }) => sessionId === 's17');
    expect(ids(await list({ sessionId: 's17' }))).toEqual(ids(ofSession));
    expect(ids(await list({ userId: 'u3' }))).toEqual(ids(old.filter(({ userId }) => userId === 'u3')));
    for (const each of [old[0], old[1_499], old[2_999]] as Event[]) {
      const { event: found } = await harness.events.getEvent({ id: each.id });
      expect(found).toMatchObject({ id: each.id, time: each.time, page: each.page, sessionId: each.sessionId });
    }
  });

  test('finds duplicates exactly, in a batch of nothing else, mixed with late events, and one by one', async () => {
    const before = await list({ sessionId: 'late' });
    expect(before).toEqual([]);
    const duplicates = old.slice(0, 500);
    expect(await harness.send(...duplicates)).toEqual({ stored: 0, duplicates: 500, rejections: [] });
    const late = Array.from({ length: 100 }, (_, index) =>
      event({ at: at(9 + (index % 2), 3_600_000 + index * 1_000), sessionId: 'late' }),
    );
    // The same times as those of events that are there, with ids of their own.
    expect(await harness.send(...old.slice(500, 600), ...late)).toEqual({
      stored: 100,
      duplicates: 100,
      rejections: [],
    });
    expect(await harness.send(...late)).toEqual({ stored: 0, duplicates: 100, rejections: [] });
    expect(await harness.send(old[2_000] as Event)).toEqual({ stored: 0, duplicates: 1, rejections: [] });
    expect(ids(await list({ sessionId: 'late' }))).toEqual(ids(late));
    expect(ids(await list({ sessionId: 's0' }))).toEqual(ids(old.filter(({ sessionId }) => sessionId === 's0')));
  });

  test('finds duplicates exactly, too, of clients whose clocks are off', async () => {
    const behind = new Date(Date.now() - 3_600_000);
    const send = (...events: Event[]): Promise<IngestEventsResponse> =>
      harness.events.ingestEvents(IngestEventsRequest.fromPartial({ events, sentAt: timestamp(behind.toISOString()) }));
    const late = Array.from({ length: 50 }, (_, index) =>
      event({ at: at(9 + (index % 2), 3_600_000 + index * 60_000), sessionId: 'corrected' }),
    );
    expect(await send(...old.slice(600, 650), ...late)).toEqual({ stored: 50, duplicates: 50, rejections: [] });
    expect(await send(...late, ...old.slice(600, 650))).toEqual({ stored: 0, duplicates: 100, rejections: [] });
    expect(await harness.send(...late, ...old.slice(600, 650))).toEqual({ stored: 0, duplicates: 100, rejections: [] });
    expect(ids(await list({ sessionId: 'corrected' }))).toEqual(ids(late));
  });

  test('takes in what has come late to its chunks', async () => {
    const inRows = `
      SELECT count(*)::int AS count FROM timescaledb_information.chunks
      WHERE hypertable_name = 'events' AND is_compressed
        AND _timescaledb_functions.chunk_status(CAST(format('%I.%I', chunk_schema, chunk_name) AS regclass)) & 8 <> 0`;
    expect(await sql(inRows)).toEqual([{ count: 2 }]);
    await convert();
    expect(await sql(inRows)).toEqual([{ count: 0 }]);
    expect(await harness.send(...old.slice(0, 700))).toEqual({ stored: 0, duplicates: 700, rejections: [] });
    expect(await list({ sessionId: 'late' })).toHaveLength(100);
  });

  test('takes another age from the settings, and none, and keeps what is converted', async () => {
    const settings = { chunkInterval: '1 day', retention: '3 months' } as const;
    await migrate(harness.databaseUrl, { ...settings, columnstoreAfter: '2 weeks' }, log);
    expect(await columnstore()).toMatchObject({ after: '14 days', chunkCount: 2 });
    await migrate(harness.databaseUrl, settings, log);
    expect(await columnstore()).toMatchObject({ after: '14 days', chunkCount: 2 });
    await migrate(harness.databaseUrl, { ...settings, columnstoreAfter: false }, log);
    expect(await columnstore()).toMatchObject({ after: '', chunkCount: 2 });
    expect((await harness.hypertables.listJobs({})).jobs.filter(({ kind }) => kind === JobKind.COLUMNSTORE)).toEqual(
      [],
    );
  });

  test('chunks of it can be dropped like others', async () => {
    const asked = { hypertable: 'events', range: range(at(10, 0).replace('.000', ''), at(9, 0).replace('.000', '')) };
    const preview = await harness.hypertables.previewDropChunks(asked);
    expect(preview).toMatchObject({ chunks: [{ columnstore: true }], rowCount: 1_575n });
    await harness.hypertables.dropChunks({ ...asked, dropToken: preview.dropToken });
    expect(await list({ sessionId: 'late' })).toHaveLength(50);
  });
});
