import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { start, type DevDatabase } from '../src/index.ts';
import { closeClients, connect, until, value } from './clients.ts';
import { bind, execute, flush, frame, LOGIN, parse, RawClient, READY, sync, terminate } from './raw-client.ts';

let db: DevDatabase;
let admin: pg.Client;

beforeAll(async () => {
  db = await start({ jobIntervalMs: false });
});
beforeEach(async () => {
  admin = await connect(db);
  await admin.query('DROP TABLE IF EXISTS item; CREATE TABLE item (id int)');
});
afterEach(closeClients);
afterAll(() => db.stop());

/** Whether everybody else is served, by the same process as before. */
async function othersAreServed(): Promise<void> {
  expect(await value(admin, 'SELECT 1')).toBe(1);
  expect(await value(await connect(db), 'SELECT 2')).toBe(2);
}

test('clients that say nothing or half a startup message harm nobody and are shown out after ten seconds', async () => {
  const silent = [0, 1, 7, LOGIN.length - 1].map((length) => {
    const client = new RawClient(db);
    client.send(LOGIN.subarray(0, length));
    return client;
  });
  const dripping = new RawClient(db);
  let dripped = 0;
  const drip = setInterval(() => dripping.send(LOGIN.subarray(dripped, ++dripped)), 500);
  await othersAreServed();
  const left = Promise.all([...silent, dripping].map((client) => client.ended)).then(() => 'left');
  expect(await Promise.race([left, wait(30_000, 'still there', { ref: false })])).toBe('left');
  clearInterval(drip);
});

test('a login that was in time is not shown out', async () => {
  const client = await RawClient.login(db);
  await wait(200);
  client.send(frame('Q', 'SELECT 1\0'));
  await client.hears(READY);
  client.vanish();
});

test('two thousand connections come and go, and nothing of them is left', async () => {
  const memory = async (): Promise<number> =>
    Number(await value(admin, 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts'));
  const comeAndGo = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, k) => {
          const client = await RawClient.login(db);
          client.send(parse('mine', 'SELECT 1'), bind('mine'), execute, sync);
          if (k % 3 > 0) await client.hears(READY);
          if (k % 2 > 0) client.send(terminate);
          client.vanish();
        }),
      );
    }
  };
  await comeAndGo(200);
  const before = await memory();
  await comeAndGo(1800);
  await until(async () => (await value(admin, 'SELECT count(*)::int FROM pg_prepared_statements')) === 0);
  expect((await memory()) - before).toBeLessThan(1 << 20);
});

test('a client that is gone in the middle of a large answer', async () => {
  const client = await RawClient.login(db);
  client.send(frame('Q', `SELECT repeat('x', 1000) FROM generate_series(1, 100000)\0`));
  await client.hears('xxx');
  client.vanish();
  await othersAreServed();
});

test('a client that ends between Flush and Sync', async () => {
  const client = await RawClient.login(db);
  client.send(parse('', 'INSERT INTO item VALUES (1)'), bind(''), execute, flush);
  await client.hears('INSERT 0 1');
  client.send(terminate);
  await client.ended;
  await othersAreServed();
  expect(await value(admin, 'SELECT count(*)::int FROM item')).toBe(0);
});

test('a client that vanishes between Flush and Sync stores nothing', async () => {
  const client = await RawClient.login(db);
  client.send(parse('', 'INSERT INTO item VALUES (1)'), bind(''), execute, flush);
  await client.hears('INSERT 0 1');
  client.vanish();
  await othersAreServed();
  expect(await value(admin, 'SELECT count(*)::int FROM item')).toBe(0);
});

test.each([
  ['the end', terminate],
  ['a query', frame('Q', 'SELECT 1\0')],
])('%s in the middle of a COPY ends it and the connection', async (_what, message) => {
  const client = await RawClient.login(db);
  client.send(frame('Q', 'COPY item FROM STDIN\0'), frame('d', '1\n'));
  await client.hears('G');
  client.send(message);
  expect(await Promise.race([client.ended.then(() => 'ended'), wait(30_000, 'not ended', { ref: false })])).toBe(
    'ended',
  );
  await othersAreServed();
  expect(await value(admin, 'SELECT count(*)::int FROM item')).toBe(0);
});

test('a client that vanishes after a failed COPY and in the middle of another leaves nothing behind', async () => {
  const client = await RawClient.login(db);
  client.send(
    frame('Q', 'BEGIN\0'),
    frame('Q', 'SAVEPOINT s\0'),
    frame('Q', 'COPY item FROM STDIN\0'),
    frame('d', 'x\n'),
  );
  await client.hears('22P02');
  client.send(frame('c'), frame('d', 'x\n'), frame('Q', 'ROLLBACK TO s; COPY item FROM STDIN\0'));
  await wait(200);
  client.vanish();
  for (let n = 0; n < 20; n++) expect(await value(admin, `SELECT ${n}`)).toBe(n);
});

test('an unfinished pipeline of many megabytes that had to wait for its turn goes on when it comes', async () => {
  const client = await RawClient.login(db);
  await admin.query('BEGIN');
  const insert = [parse('', `INSERT INTO item SELECT length('${'x'.repeat(100_000)}')`), bind(''), execute];
  for (let n = 0; n < 100; n++) client.send(...insert);
  client.send(sync);
  await wait(300);
  await admin.query('COMMIT');
  await client.hears(READY);
  client.vanish();
  expect(await value(admin, 'SELECT count(*)::int FROM item')).toBe(100);
});

test('a client that shuts its socket at once', async () => {
  for (let n = 0; n < 50; n++) {
    const socket = net.connect(Number(new URL(db.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.resetAndDestroy();
  }
  await othersAreServed();
});
