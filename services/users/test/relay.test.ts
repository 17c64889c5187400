import { setTimeout } from 'node:timers/promises';
import { silentLog, testServerUrl, until, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { Database } from '../src/db/database.ts';
import { putIntoOutbox } from '../src/db/put-into-outbox.ts';
import { readLanes } from '../src/db/read-lanes.ts';
import { releaseLanes, takeLanes } from '../src/db/take-lanes.ts';
import {
  DeliveryFailed,
  DeliveryRejected,
  ReceiverAway,
  type Deliver,
  type OutboxMessage,
} from '../src/domain/outbox.ts';
import { Relay, type RelayOptions } from '../src/outbox/relay.ts';
import { freshDatabase } from './running-users.ts';
import { untilEmpty } from './until-empty.ts';

// Connections of the embedded database share its advisory locks, so that two relays do not keep out of each other's way.
const onRealServer = testServerUrl ? test : test.skip;
if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: tests of several relays at once are skipped.');

let server: TestDatabase;
let database: Database;
let sql: Client;
const relays: Relay[] = [];
beforeAll(async () => {
  server = await freshDatabase();
  database = new Database({ url: server.url, poolSize: 4 });
  sql = new Client(server.url);
  await sql.connect();
});
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  await sql.query('delete from users.outbox; delete from users.dead_letters');
});
afterAll(async () => {
  await database.close();
  await sql.end();
  await server.stop();
});

function relay(deliver: Deliver, attempts = 3, times: Pick<RelayOptions, 'silenceMs' | 'pollMs'> = {}): Relay {
  const deliverers = { MAIL: deliver };
  const made = new Relay({
    databaseUrl: server.url,
    deliverers,
    attempts: { TRANSACTION: attempts, ERASE_USER: attempts, MAIL: attempts },
    ...times,
    log: silentLog('users'),
  });
  made.start();
  relays.push(made);
  return made;
}

const put = (lane: string, number: number): Promise<void> =>
  putIntoOutbox(database.session(), { kind: 'MAIL', lane, payload: { number } });
const named = ({ lane, payload }: OutboxMessage): string => `${lane}${String(payload['number'])}`;
const waiting = async (): Promise<number> => {
  const { rows } = await sql.query<{ count: number }>('select count(*)::int from users.outbox');
  return rows[0]?.count ?? NaN;
};
const deadLetters = async (): Promise<number | null> => (await sql.query('select from users.dead_letters')).rowCount;
const emptied = (): Promise<void> => untilEmpty(sql);

test('messages arrive once, each lane in its order, and leave the outbox', async () => {
  const arrived: string[] = [];
  for (let number = 0; number < 30; number += 1) await put(['a', 'b', 'c'][number % 3] ?? '', number);
  relay((messages) => {
    arrived.push(...messages.map(named));
    return Promise.resolve(new Map());
  });
  await emptied();
  expect(arrived.length).toBe(30);
  for (const lane of ['a', 'b', 'c']) {
    const numbers = arrived.filter((name) => name.startsWith(lane)).map((name) => Number(name.slice(1)));
    expect(numbers).toEqual(Array.from({ length: 10 }, (_, each) => 'abc'.indexOf(lane) + 3 * each));
  }
});

test('a message that is put there while the relay sleeps arrives at once, and not before its transaction is committed', async () => {
  const arrived: string[] = [];
  const deliver: Deliver = (messages) => {
    arrived.push(...messages.map(named));
    return Promise.resolve(new Map());
  };
  // It looks by itself when this test is long over.
  relay(deliver, 3, { pollMs: 600_000 });
  await setTimeout(300);
  await database.session().transactional(async (em) => {
    await putIntoOutbox(em, { kind: 'MAIL', lane: 'a', payload: { number: 1 } });
    expect(arrived).toEqual([]);
  });
  await until('it has arrived', () => arrived.length > 0);
  await database
    .session()
    .transactional(async (em) => {
      await putIntoOutbox(em, { kind: 'MAIL', lane: 'a', payload: { number: 2 } });
      throw new Error('rolled back');
    })
    .catch(() => undefined);
  await put('a', 3);
  await until('the next one has arrived', () => arrived.length > 1);
  expect(arrived).toEqual(['a1', 'a3']);
});

test('kinds that nobody delivers stay', async () => {
  await putIntoOutbox(database.session(), { kind: 'ERASE_USER', lane: 'a', payload: {} });
  await put('a', 1);
  relay(() => Promise.resolve(new Map()));
  await until('one is left', async () => (await waiting()) === 1);
  await setTimeout(100);
  expect((await sql.query('select kind from users.outbox')).rows).toEqual([{ kind: 'ERASE_USER' }]);
});

test('one that fails is tried again, later each time, alone, and holds up its lane only', async () => {
  const tries: { at: number; names: string[] }[] = [];
  for (const [lane, number] of [
    ['a', 1],
    ['a', 2],
    ['b', 1],
  ] as const) {
    await put(lane, number);
  }
  relay((messages) => {
    tries.push({ at: performance.now(), names: messages.map(named) });
    const failing = messages.find((message) => named(message) === 'a1');
    const isOver = !failing || failing.attempts === 2;
    return Promise.resolve(new Map(isOver ? [] : [[failing, new DeliveryFailed('not yet')]]));
  });
  await emptied();
  expect(tries.map(({ names }) => names)).toEqual([['a1', 'a2', 'b1'], ['a1'], ['a1'], ['a2']]);
  const [first, second, third] = tries.map(({ at }) => at) as [number, number, number, number];
  expect(second - first).toBeGreaterThan(450);
  expect(third - second).toBeGreaterThan(900);
});

test('the receiver says after how long it wants to be asked again', async () => {
  const tries: number[] = [];
  await put('a', 1);
  relay(([message]) => {
    tries.push(performance.now());
    const failure = new DeliveryFailed('busy', { retryAfterMs: 2_500 });
    return Promise.resolve(new Map(message && tries.length === 1 ? [[message, failure]] : []));
  });
  await emptied();
  expect((tries[1] ?? 0) - (tries[0] ?? 0)).toBeGreaterThan(2_400);
});

test('after its attempts it is a dead letter, its lane stands still, and goes on in order when it is retried', async () => {
  const arrived: string[] = [];
  let isMended = false;
  for (const [lane, number] of [
    ['a', 1],
    ['a', 2],
    ['b', 1],
  ] as const) {
    await put(lane, number);
  }
  relay((messages) => {
    const failing = messages.find((message) => named(message) === 'a1' && !isMended);
    arrived.push(...messages.filter(({ lane }) => lane !== failing?.lane).map(named));
    return Promise.resolve(new Map(failing ? [[failing, new DeliveryFailed('broken')]] : []));
  }, 2);
  await until('there is a dead letter', async () => (await deadLetters()) === 1);
  const { rows } = await sql.query('select lane, attempts, last_error from users.dead_letters');
  expect(rows).toEqual([{ lane: 'a', attempts: 2, last_error: 'broken' }]);
  await put('a', 3);
  await put('b', 2);
  await until('the other lane has arrived', () => arrived.length === 2);
  await setTimeout(300);
  expect(arrived).toEqual(['b1', 'b2']);

  isMended = true;
  await sql.query(`
    with dead as (delete from users.dead_letters returning *)
    insert into users.outbox (id, kind, lane, payload) select id, kind, lane, payload from dead`);
  await emptied();
  expect(arrived).toEqual(['b1', 'b2', 'a1', 'a2', 'a3']);
});

test('a lane whose first message another relay made a dead letter of, while this one took it, stands still', async () => {
  for (const number of [1, 2]) await put('a', number);
  expect((await takeLanes(sql, 'MAIL', '', 10)).taken).toEqual(['a']);
  await sql.query(`
    with dead as (delete from users.outbox where payload ->> 'number' = '1' returning *)
    insert into users.dead_letters (id, kind, lane, payload, attempts, last_error, create_time)
    select id, kind, lane, payload, 1, 'never', create_time from dead`);
  expect(await readLanes(sql, 'MAIL', ['a'], 10)).toEqual([]);
  await releaseLanes(sql, 'MAIL', ['a']);
});

onRealServer('a delivery that takes longer than a relay may be silent is settled, and not made again', async () => {
  await put('a', 1);
  let deliveries = 0;
  const slow: Deliver = async () => {
    deliveries += 1;
    await setTimeout(8_000);
    return new Map();
  };
  relay(slow, 3, { silenceMs: 5_000 });
  await emptied();
  expect(deliveries).toBe(1);
});

test('what is rejected for good is a dead letter at once, and what an unknown error says is not kept', async () => {
  await put('a', 1);
  relay((messages) => {
    const rejected = messages.find(({ lane }) => lane === 'a');
    if (rejected) return Promise.resolve(new Map([[rejected, new DeliveryRejected('never')]]));
    return Promise.reject(new TypeError('cannot read properties of nobody'));
  }, 1_000);
  await until('there is a dead letter', async () => (await deadLetters()) === 1);
  await put('b', 1);
  const failed = async () => (await sql.query('select from users.outbox where attempts > 0')).rowCount === 1;
  await until('the other one has failed', failed);
  expect((await sql.query('select last_error from users.outbox')).rows).toEqual([
    { last_error: 'failed inside the service (TypeError)' },
  ]);
  expect((await sql.query('select attempts, last_error from users.dead_letters')).rows).toEqual([
    { attempts: 1, last_error: 'never' },
  ]);
});

test('where nobody is there no attempt is counted, however often it is tried', async () => {
  let tries = 0;
  let isAway = true;
  await put('a', 1);
  relay(() => {
    tries += 1;
    return isAway ? Promise.reject(new ReceiverAway('away')) : Promise.resolve(new Map());
  }, 1);
  await until('it was tried four times', () => tries >= 4);
  expect((await sql.query('select attempts from users.outbox')).rows).toEqual([{ attempts: 0 }]);
  isAway = false;
  await emptied();
});

onRealServer('two relays share the lanes: each message arrives once, and each lane keeps its order', async () => {
  const arrived: string[] = [];
  const by = [0, 0];
  for (let number = 0; number < 40; number += 1) {
    await sql.query(
      `insert into users.outbox (kind, lane, payload)
       select 'MAIL', 'lane' || lane || '-', jsonb_build_object('number', $1::int) from generate_series(1, 20) as lane`,
      [number],
    );
  }
  const take =
    (who: number): Deliver =>
    async (messages) => {
      await setTimeout(2 + Math.random() * 10);
      by[who] = (by[who] ?? 0) + messages.length;
      arrived.push(...messages.map(named));
      return new Map();
    };
  relay(take(0));
  relay(take(1));
  for (let number = 40; number < 140; number += 1) for (const lane of [1, 7, 13]) await put(`lane${lane}-`, number);
  await emptied();
  expect(arrived.length).toBe(20 * 40 + 300);
  expect(new Set(arrived).size).toBe(arrived.length);
  for (let lane = 1; lane <= 20; lane += 1) {
    const numbers = arrived.filter((name) => name.startsWith(`lane${lane}-`)).map((name) => Number(name.split('-')[1]));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
});

onRealServer('what a relay holds is free at once when its connection is cut, and it comes back itself', async () => {
  const arrived: string[] = [];
  await put('a', 1);
  let tries = 0;
  relay(async (messages, signal) => {
    tries += 1;
    if (tries === 1) await setTimeout(60_000, undefined, { signal });
    arrived.push(...messages.map(named));
    return new Map();
  });
  await until('it is on its way', () => tries === 1);
  await sql.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'tidemark-users-relay' and datname = current_database()`);
  // The server would end a session that is silent after a minute.
  const began = performance.now();
  await emptied();
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(arrived).toEqual(['a1']);
});

test('a relay that stops waits a little for what is on its way, and gives the rest back', async () => {
  await put('a', 1);
  let [isBegun, isOver] = [false, false];
  const slow = relay(async () => {
    isBegun = true;
    await setTimeout(500);
    isOver = true;
    return new Map();
  });
  await until('it is on its way', () => isBegun);
  await slow.stop();
  expect(isOver).toBe(true);
  expect(await waiting()).toBe(0);

  await put('a', 2);
  let isEndlessBegun = false;
  const endless = relay(async (_, signal) => {
    isEndlessBegun = true;
    await setTimeout(60_000, undefined, { signal });
    return new Map();
  });
  await until('the endless one is on its way', () => isEndlessBegun);
  const began = performance.now();
  await Promise.all([endless.stop(), endless.stop()]);
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(await waiting()).toBe(1);
  const locks = async () =>
    (
      await sql.query(`select from pg_locks where locktype = 'advisory' and database = (
        select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid()
        and pid in (select pid from pg_stat_activity where application_name = 'tidemark-users-relay')`)
    ).rowCount;
  // The server may notice a moment later that a connection has ended.
  await until('the lanes are given back', async () => (await locks()) === 0);
});

test('nobody there, and the relay stops all the same', async () => {
  await put('a', 1);
  let tries = 0;
  const lonely = relay(() => {
    tries += 1;
    return Promise.reject(new ReceiverAway('nobody is there', { retryAfterMs: 600_000 }));
  });
  await until('nobody was there', () => tries > 0);
  const began = performance.now();
  await lonely.stop();
  expect(performance.now() - began).toBeLessThan(15_000);
  expect(await waiting()).toBe(1);
});
