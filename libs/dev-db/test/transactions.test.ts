import { setTimeout as wait } from 'node:timers/promises';
import net from 'node:net';
import type pg from 'pg';
import { start, type DevDatabase } from '../src/index.ts';
import { closeClients, codeOf, connect, crash, isPending, until, value } from './clients.ts';

let db: DevDatabase;
let admin: pg.Client;

beforeAll(async () => {
  db = await start({ jobIntervalMs: false });
});
beforeEach(async () => {
  admin = await connect(db);
  await admin.query('DROP TABLE IF EXISTS account; CREATE TABLE account (id int PRIMARY KEY, balance int)');
  await admin.query('INSERT INTO account VALUES (1, 100), (2, 100)');
});
afterEach(closeClients);
afterAll(() => db.stop());

test.each(['BEGIN', 'START TRANSACTION', 'begin work', 'SELECT 1; BEGIN'])(
  'a second connection waits for the end of a transaction opened by %s',
  async (begin) => {
    const [first, second] = [await connect(db), await connect(db)];
    await first.query(begin);
    await first.query('UPDATE account SET balance = 50 WHERE id = 1');
    const seen = value(second, 'SELECT balance FROM account WHERE id = 1');
    expect(await isPending(seen)).toBe(true);
    await first.query('UPDATE account SET balance = 60 WHERE id = 1');
    await first.query('COMMIT');
    expect(await seen).toBe(60);
  },
);

test('two transactions on two connections run one after the other', async () => {
  const [first, second] = [await connect(db), await connect(db)];
  const transfer = async (client: pg.Client, amount: number): Promise<void> => {
    await client.query('BEGIN');
    const before = Number(await value(client, 'SELECT balance FROM account WHERE id = 1'));
    await wait(50);
    await client.query('UPDATE account SET balance = $1 WHERE id = 1', [before - amount]);
    await client.query('COMMIT');
  };
  await Promise.all([transfer(first, 10), transfer(second, 20)]);
  expect(await value(admin, 'SELECT balance FROM account WHERE id = 1')).toBe(70);
});

test('a failed transaction and ROLLBACK TO keep the backend', async () => {
  const [first, second] = [await connect(db), await connect(db)];
  await first.query('BEGIN');
  await first.query('SAVEPOINT before');
  expect(await codeOf(first.query('SELECT 1/0'))).toBe('22012');
  const seen = value(second, 'SELECT balance FROM account WHERE id = 2');
  expect(await isPending(seen)).toBe(true);
  await first.query('ROLLBACK TO before');
  expect(await isPending(seen)).toBe(true);
  await first.query('UPDATE account SET balance = 1 WHERE id = 2');
  await first.query('RELEASE before');
  await first.query('COMMIT');
  expect(await seen).toBe(1);
});

test('a rollback makes no noise', async () => {
  const notices: unknown[] = [];
  admin.on('notice', (notice) => notices.push(notice));
  await admin.query('BEGIN; DELETE FROM account; ROLLBACK');
  expect(notices).toEqual([]);
});

test('connections are served in the order in which they asked', async () => {
  const holder = await connect(db);
  const others = await Promise.all([1, 2, 3, 4].map(() => connect(db)));
  await holder.query('BEGIN');
  const order: number[] = [];
  const asked = others.map(async (client, n) => {
    await client.query('SELECT 1');
    order.push(n);
  });
  await wait(50);
  await holder.query('COMMIT');
  await Promise.all(asked);
  expect(order).toEqual([0, 1, 2, 3]);
});

describe('where one waits no longer than 700 ms', () => {
  let hasty: DevDatabase;
  beforeAll(async () => {
    hasty = await start({ waitLimitMs: 700, jobIntervalMs: false });
  });
  afterAll(() => hasty.stop());

  test('whoever waits longer gets 55P03 and may go on', async () => {
    const [holder, waiting] = [await connect(hasty), await connect(hasty)];
    await holder.query('BEGIN');
    expect(await codeOf(waiting.query('SELECT $1::int', [1]))).toBe('55P03');
    expect(await codeOf(waiting.query('SELECT 1'))).toBe('55P03');
    await holder.query('COMMIT');
    expect(await value(waiting, 'SELECT 2')).toBe(2);
  });

  test('a login waits no longer than that either', async () => {
    const holder = await connect(hasty);
    await holder.query('BEGIN');
    expect(await codeOf(connect(hasty))).toBe('55P03');
    await holder.query('COMMIT');
  });
});

test('whoever idles in a transaction is rolled back and disconnected', async () => {
  const impatient = await start({ idleInTransactionLimitMs: 1_000, jobIntervalMs: false });
  try {
    await (await connect(impatient)).query('CREATE TABLE kept AS SELECT 1 AS n');
    const holder = await connect(impatient);
    const errors: (string | undefined)[] = [];
    holder.on('error', (error: Error & { code?: string }) => errors.push(error.code));
    await holder.query('BEGIN; DELETE FROM kept');
    await until(() => errors.length > 0);
    expect(errors[0]).toBe('25P03');
    expect(await value(await connect(impatient), 'SELECT count(*)::int FROM kept')).toBe(1);
  } finally {
    await closeClients();
    await impatient.stop();
  }
});

test('a statement that waits can be cancelled', async () => {
  const [holder, waiting] = [await connect(db), await connect(db)];
  await holder.query('BEGIN');
  const outcome = codeOf(waiting.query('SELECT 1'));
  await wait(50);
  await cancel(waiting);
  expect(await outcome).toBe('57014');
  await holder.query('COMMIT');
  expect(await value(waiting, 'SELECT 3')).toBe(3);
});

test('a client that goes away in a transaction is rolled back', async () => {
  const leaver = await connect(db);
  await leaver.query('BEGIN; DELETE FROM account');
  crash(leaver);
  expect(await value(admin, 'SELECT count(*)::int FROM account')).toBe(2);
});

test('what a vanished client had queued is not run', async () => {
  const [holder, leaver] = [await connect(db), await connect(db)];
  await holder.query('BEGIN');
  void leaver.query('DELETE FROM account').catch(() => {});
  await wait(50);
  crash(leaver);
  await wait(50);
  await holder.query('COMMIT');
  expect(await value(admin, 'SELECT count(*)::int FROM account')).toBe(2);
});

async function cancel(client: pg.Client): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80877102, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = net.connect(Number(new URL(db.url).port), '127.0.0.1');
  socket.end(request);
  await new Promise((closed) => socket.resume().on('close', closed));
}
