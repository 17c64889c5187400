import { setTimeout } from 'node:timers/promises';
import {
  EventsServiceService,
  HypertablesServiceService,
  IngestEventsRequest,
  RejectionReason,
} from '@tidemark/contracts/events';
import { rpcClient } from '@tidemark/grpc-kit';
import { testEdition, testServerUrl, until, type TestDatabase } from '@tidemark/testing';
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { create } from '../src/service.ts';
import { startEntry, type Entry } from './entry.ts';
import { event, eventsDatabase, log } from './harness.ts';

// Leaders take several connections at once, which the embedded database does not have.
const onRealServer = testServerUrl ? describe : describe.skip;
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the tests of the retention job are skipped.');
const edition = await testEdition();

onRealServer('the retention that is kept in the schema', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  const entries: Entry[] = [];

  beforeEach(async () => {
    database = await eventsDatabase(edition === 'community' ? 'none' : undefined);
    admin = await connect();
    // As on the Apache edition, where the migration has done it.
    await admin.query(`INSERT INTO events.retentions VALUES ('events', '3 months') ON CONFLICT DO NOTHING`);
  });
  afterEach(async () => {
    for (const { child, exit } of entries.splice(0)) {
      child.kill('SIGKILL');
      await exit;
    }
    await admin.end();
    await database.stop();
  });

  async function connect(application = 'the test'): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.url, application_name: application });
    await client.connect();
    return client;
  }

  async function column<T>(text: string): Promise<T[]> {
    const { rows } = await admin.query<[T]>({ text, rowMode: 'array' });
    return rows.map(([value]) => value);
  }

  /** Adds one event of each age, each in a chunk of its own. */
  async function addEvents(...ages: string[]): Promise<void> {
    await admin.query(
      `INSERT INTO events.events (time, id, received_time, page)
       SELECT now() - age, gen_random_uuid(), now(), '/' FROM unnest($1::interval[]) AS age`,
      [ages],
    );
  }

  const ends = () => column<string>(`SELECT range_end::text FROM timescaledb_information.chunks ORDER BY range_end`);
  const outdated = () =>
    column<string>(`SELECT show_chunks('events.events', older_than => now() - interval '3 months')::text ORDER BY 1`);

  describe('as the role of the service', () => {
    let role: pg.Client;
    beforeEach(async () => {
      role = await connect();
      await role.query('SET ROLE tidemark_events');
    });
    afterEach(() => role.end());

    const dropOldest = async (): Promise<string | null | undefined> => {
      const { rows } = await role.query<{ chunk: string | null }>('SELECT events.drop_oldest_chunk() AS chunk');
      return rows[0]?.chunk;
    };

    test('what is wholly older goes, chunk after chunk, and nothing else', async () => {
      await addEvents('5 months', '100 days', '95 days', '60 days', '1 hour');
      // The chunk in which the retention ends today holds times on both sides of it.
      await admin.query(
        `INSERT INTO events.events (time, id, received_time, page)
         SELECT date_trunc('day', now() - interval '3 months', 'UTC') + age, gen_random_uuid(), now(), '/'
         FROM unnest(ARRAY['0 s', '23:59:59', '-1 microsecond']::interval[]) AS age`,
      );
      const old = await outdated();
      expect(old).toHaveLength(4);
      const before = await ends();
      const dropped = [];
      for (let chunk = await dropOldest(); chunk; chunk = await dropOldest()) dropped.push(chunk);
      expect(dropped.toSorted()).toEqual(old);
      expect(await ends()).toEqual(before.slice(4));
      expect(await dropOldest()).toBeNull();
    });

    test('nothing goes where nothing is kept, and the role cannot say what is', async () => {
      await addEvents('5 months');
      for (const statement of [
        `UPDATE events.retentions SET drop_after = '1 hour'`,
        `INSERT INTO events.retentions VALUES ('other', '1 hour')`,
        `DELETE FROM events.retentions`,
        `SELECT drop_chunks('events.events', older_than => now())`,
        `DROP TABLE ${(await outdated())[0] ?? ''}`,
        `DELETE FROM events.events`,
        `CREATE TABLE events.more (id int)`,
      ]) {
        await expect(role.query(statement)).rejects.toMatchObject({ code: '42501' });
      }
      await admin.query('DELETE FROM events.retentions');
      expect(await dropOldest()).toBeNull();
      expect(await outdated()).toHaveLength(1);
    });

    test("neither the session's time zone nor its search path nor its tables change what goes", async () => {
      await addEvents('5 months', '80 days');
      await role.query(
        `CREATE TEMP TABLE retentions (hypertable text, drop_after interval);
         CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2099-01-01'::timestamptz $$;
         SET search_path = pg_temp, events, public;
         SET timezone = 'Pacific/Kiritimati'`,
      );
      expect(await dropOldest()).toMatch(/chunk/);
      expect(await dropOldest()).toBeNull();
      expect(await ends()).toHaveLength(1);
    });

    test('a reader of the chunk is not waited for for long, and others pass meanwhile', async () => {
      await addEvents('5 months', '1 hour');
      const reader = await connect();
      await reader.query('BEGIN; SELECT count(*) FROM events.events');
      // What waits longer than that fails with another code.
      await role.query(`SET statement_timeout = '20s'`);
      await admin.query(`SET statement_timeout = '15s'`);
      const dropping = expect(dropOldest()).rejects.toMatchObject({ code: '55P03' });
      await setTimeout(100);
      await addEvents('1 hour');
      await admin.query('SELECT count(*) FROM events.events');
      await dropping;
      await reader.query('COMMIT');
      await reader.end();
      expect(await dropOldest()).toMatch(/chunk/);
    });
  });

  describe('with two instances of the service', () => {
    function instance(): Entry {
      const env = { DATABASE_URL: database.url, EVENTS_PORT: '0', EVENTS_RETENTION_JOB_INTERVAL_MS: '1000' };
      const entry = startEntry('main', env);
      entries.push(entry);
      return entry;
    }

    const leaders = () =>
      column<number>(
        `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE locktype = 'advisory' AND granted AND application_name = 'tidemark-events-retention'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
    const sessions = () =>
      column<number>(
        `SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'tidemark-events-retention'`,
      );
    const nothingOld = async () => (await outdated()).length === 0;

    test('what else has a retention is dropped where the events are kept for ever', async () => {
      await admin.query(
        `DELETE FROM events.retentions;
         INSERT INTO events.retentions VALUES ('batches', '7 days');
         INSERT INTO events.batches (number, stored_time, batch_id, event_count, times)
         SELECT number, now() - age, number, 1, '{}'
         FROM unnest(ARRAY['10 days', '1 hour']::interval[]) WITH ORDINALITY AS batch (age, number)`,
      );
      await addEvents('5 months');
      instance();
      const batches = () => column<string>('SELECT number::text FROM events.batches');
      await until('the old batch goes', async () => (await batches()).length === 1);
      expect(await batches()).toEqual(['2']);
      expect(await outdated()).toHaveLength(1);
    });

    async function leaderAndFollower(): Promise<[Entry, Entry, number]> {
      const first = instance();
      await until('the first leads', async () => (await leaders()).length === 1);
      const second = instance();
      await until('the second waits', async () => (await sessions()).length === 2);
      const [leader = 0] = await leaders();
      return [first, second, leader];
    }

    async function anotherLeads(than: number): Promise<void> {
      await until('another leads', async () => {
        const [leader = than, ...more] = await leaders();
        expect(more).toEqual([]);
        return leader !== than;
      });
      await addEvents('100 days');
      await until('the other one drops', nothingOld);
    }

    test('one drops what is old at once, and then at the interval', async () => {
      await addEvents('5 months', '100 days', '1 hour');
      await leaderAndFollower();
      await until('old chunks are gone', nothingOld);
      await addEvents('4 months');
      await until('they go again', nothingOld);
      expect(await ends()).toHaveLength(1);
      await until('one of them leads', async () => (await leaders()).length === 1);
    });

    test('the other takes over when the leader is killed', async () => {
      const [first, , leader] = await leaderAndFollower();
      first.child.kill('SIGKILL');
      await anotherLeads(leader);
    });

    test('the other takes over when the leader is frozen, and the frozen one leads no more when it thaws', async () => {
      const [first, , leader] = await leaderAndFollower();
      first.child.kill('SIGSTOP');
      await anotherLeads(leader);
      const [successor] = await leaders();
      first.child.kill('SIGCONT');
      await until('the first is back, as a follower', async () => (await sessions()).length === 2);
      expect(await leaders()).toEqual([successor]);
    });

    test('one of them leads again when the connection of the leader is cut', async () => {
      const [, , leader] = await leaderAndFollower();
      await admin.query('SELECT pg_terminate_backend($1)', [leader]);
      await anotherLeads(leader);
    });

    test('an error is logged, and what could not be dropped goes later', async () => {
      await addEvents('5 months');
      const reader = await connect();
      await reader.query('BEGIN; SELECT count(*) FROM events.events');
      const { child, line, output } = instance();
      await line('the retention job failed: it will be tried again');
      expect(await outdated()).toHaveLength(1);
      await reader.query('COMMIT');
      await reader.end();
      await until('the chunk is gone', nothingOld);
      child.kill('SIGTERM');
      expect(await output).toMatch(/"level":40.*the retention job failed: it will be tried again/);
    });

    test('a stop ends the job too', async () => {
      const { child, exit, output } = instance();
      await until('it leads', async () => (await leaders()).length === 1);
      child.kill('SIGTERM');
      expect(await exit).toBe(0);
      expect(await output).not.toMatch(/failed/);
      // The server ends a session a moment after its client has gone.
      await until('its session is gone', async () => (await sessions()).length === 0);
    });

    test('what is too old is refused, and what is just young enough is kept', async () => {
      const config = readConfig({ DATABASE_URL: database.url, EVENTS_RETENTION_JOB_INTERVAL_MS: '1000' });
      const service = await create({ ...config, port: 0 }, { log });
      const address = `127.0.0.1:${service.port}`;
      const events = rpcClient(EventsServiceService, address);
      const hypertables = rpcClient(HypertablesServiceService, address);
      const [edge = 0] = await column<number>(
        `SELECT extract(epoch FROM now() AT TIME ZONE 'UTC' - interval '3 months')::float8`,
      );
      const at = (minutes: number): string => new Date((edge + minutes * 60) * 1_000).toISOString();
      const request = IngestEventsRequest.fromPartial({
        events: [event({ at: at(-1) }), event({ at: at(5) }), event({ at: at(24 * 60) })],
      });
      expect(await events.ingestEvents(request)).toMatchObject({
        stored: 2,
        rejections: [{ index: 0, reason: RejectionReason.TIME_TOO_OLD }],
      });
      await setTimeout(2_500);
      expect(await column(`SELECT count(*)::int FROM events.events`)).toEqual([2]);
      expect((await hypertables.getHypertable({ name: 'events' })).hypertable).toMatchObject({ retention: '3 mons' });
      events.close();
      hypertables.close();
      await service.stop();
    });
  });
});
