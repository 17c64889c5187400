import { setTimeout } from 'node:timers/promises';
import { Event, IngestEventsRequest } from '@tidemark/contracts/events';
import { random, testServerUrl, type TestDatabase } from '@tidemark/testing';
import pg from 'pg';
import { event, eventsDatabase, startEvents, timestamp, uuid, type Harness } from './harness.ts';

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one writer at a time.');

(testServerUrl ? describe : describe.skip)('several writers at once, on a real server', () => {
  const clock = (): number => Date.parse('2026-11-20T00:00:00Z') * 1_000;
  let database: TestDatabase;
  let instances: Harness[];
  let admin: pg.Client;

  beforeAll(async () => {
    database = await eventsDatabase();
    // Each harness stops the database that it was given; this one is stopped once.
    const shared = { url: database.url, stop: () => Promise.resolve() };
    instances = [await startEvents({ database: shared, clock }), await startEvents({ database: shared, clock })];
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
  });
  afterAll(async () => {
    for (const instance of instances) await instance.stop();
    await admin.end();
    await database.stop();
  });

  test('store batches that overlap in any order through two instances exactly once', async () => {
    const seed = Number(process.env['WRITERS_SEED'] ?? Date.now() % 1_000_000);
    console.info(`WRITERS_SEED=${seed}`);
    const dice = random(seed);
    const known = Array.from({ length: 6_000 }, (_, number) =>
      event({ id: uuid(number), at: `2026-11-${10 + (number % 5)}T10:00:00Z` }),
    );
    const batches = Array.from({ length: 48 }, () => {
      const from = dice.below(known.length - 500);
      const batch = known.slice(from, from + 500);
      return dice.below(2) === 0 ? batch : batch.reverse();
    });
    const replies = await Promise.all(
      batches.map((batch, number) => (instances[number % 2] as Harness).send(...batch)),
    );
    const sent = new Set(batches.flat().map(({ id }) => id));
    const sum = (of: 'stored' | 'duplicates'): number => replies.reduce((total, reply) => total + reply[of], 0);
    expect({ stored: sum('stored'), duplicates: sum('duplicates') }).toEqual({
      stored: sent.size,
      duplicates: 48 * 500 - sent.size,
    });
    const { rows } = await admin.query<{ id: string }>('SELECT id FROM events.events');
    expect(rows.map(({ id }) => id).sort()).toEqual([...sent].sort());
  });

  test('a batch that PostgreSQL gives up in a deadlock is stored all the same', async () => {
    const [first, second] = ['11', '12'].map((second) => ({
      id: uuid(900_000 + Number(second)),
      time: timestamp(`2026-11-12T11:00:${second}Z`),
    }));
    const insert = (at: string, id: string | undefined): Promise<unknown> =>
      admin.query('INSERT INTO events.events (time, id, received_time, page) VALUES ($1, $2, now(), $3)', [
        at,
        id,
        '/',
      ]);
    // In a chunk that is there: else the batch waits for the chunk, with nothing stored.
    await instances[0]?.ingest(event({ at: '2026-11-12T11:00:00Z' }));
    // Whoever waits longer than its deadlock_timeout looks once whether it is in a deadlock: here it shall be the service,
    // after the other one has come to wait for it.
    await admin.query(`DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''5s''', current_database());
    END $$`);
    await admin.query(`SET deadlock_timeout = '10min'`);
    const patient = await startEvents({ database: { url: database.url, stop: () => Promise.resolve() }, clock });
    const before = await deadlocks();
    await admin.query('BEGIN');
    await insert('2026-11-12T11:00:12Z', second?.id);
    const batch = [first, second].map((key) => Event.fromPartial({ ...key, page: '/' }));
    const reply = patient.events.ingestEvents(IngestEventsRequest.fromPartial({ events: batch }));
    // It has stored the first and waits for the second.
    while (!(await isWaiting())) await setTimeout(20);
    await insert('2026-11-12T11:00:11Z', first?.id);
    await admin.query('ROLLBACK');
    expect(await reply).toMatchObject({ stored: 2, duplicates: 0, rejections: [] });
    // A session tells what it has counted a moment after its transaction.
    while ((await deadlocks()) === before) await setTimeout(50);
    await patient.stop();
  });

  async function deadlocks(): Promise<number> {
    const { rows } = await admin.query<{ deadlocks: string }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(rows[0]?.deadlocks);
  }

  async function isWaiting(): Promise<boolean> {
    const { rowCount } = await admin.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'tidemark-events' AND wait_event = 'transactionid'`,
    );
    return (rowCount ?? 0) > 0;
  }
});
