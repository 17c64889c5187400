import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { start, type DevDatabase } from '../src/index.ts';
import { closeClients, codeOf, connect, until, value } from './clients.ts';
import {
  bind,
  execute,
  flush,
  LOGIN,
  parse,
  RawClient,
  READY,
  saidToTheEnd,
  saidUntilReady,
  startup,
  sync,
} from './raw-client.ts';

let db: DevDatabase;

beforeAll(async () => {
  db = await start({ jobIntervalMs: false });
});
afterEach(closeClients);
afterAll(() => db.stop());

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const GSS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 48]);

test('TLS and GSS encryption are declined, and the login follows', async () => {
  const heard = await saidUntilReady(db, SSL_REQUEST, GSS_REQUEST, LOGIN);
  expect(heard.slice(0, 3)).toBe('NNR');
});

test.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a length of 0x7fffffff', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
  ['a length of 4', Buffer.from([0, 0, 0, 4])],
  ['protocol 2', Buffer.from([0, 0, 0, 8, 0, 2, 0, 0])],
  ['no user', startup('database', 'postgres')],
  ['no terminator', Buffer.from([0, 0, 0, 10, 0, 3, 0, 0, 65, 65])],
])('a startup packet of %s is refused', async (_what, bytes) => {
  expect(await saidToTheEnd(db, bytes)).toContain('C08P01');
});

test.each([
  ['an unknown type', Buffer.from([1, 0, 0, 0, 4])],
  ['a length of 0x7fffffff', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])],
  ['a length of 0', Buffer.from([0x51, 0, 0, 0, 0])],
])('after the login, a message of %s ends the connection', async (_what, bytes) => {
  const other = await connect(db);
  expect(await saidToTheEnd(db, Buffer.concat([LOGIN, bytes]))).toMatch(/C08P01|^$/);
  expect(await value(other, 'SELECT 1')).toBe(1);
});

test.each([
  ['Bind', Buffer.from([0x42, 0, 0, 0, 6, 0, 0])],
  ['Bind without zeros', Buffer.from([0x42, 0, 0, 0, 8, 65, 65, 65, 65])],
  ['Parse', Buffer.from([0x50, 0, 0, 0, 5, 65])],
  ['Describe', Buffer.from([0x44, 0, 0, 0, 4])],
  ['Close', Buffer.from([0x43, 0, 0, 0, 5, 83])],
  ['Execute', Buffer.from([0x45, 0, 0, 0, 5, 0])],
  ['Query without an end', Buffer.from([0x51, 0, 0, 0, 8, 65, 65, 65, 65])],
  ['FunctionCall', Buffer.from([0x46, 0, 0, 0, 6, 0, 0])],
])('a %s with a broken body harms nobody else', async (_what, bytes) => {
  const pid = db.pid;
  const client = await RawClient.login(db);
  client.send(bytes, sync);
  await wait(100);
  client.vanish();
  const other = await connect(db);
  expect([await value(other, 'SELECT 1'), db.pid]).toEqual([1, pid]);
});

test('random bytes do not end the server', async () => {
  const clients = Array.from({ length: 50 }, (_, n) => {
    const client = new RawClient(db);
    client.send(randomBytes(1 + n * 7));
    return client;
  });
  await wait(500);
  for (const each of clients) each.vanish();
  const client = await connect(db);
  expect(await value(client, 'SELECT 1')).toBe(1);
});

test('a pipeline runs in order, and an error skips to its Sync', async () => {
  const { rows } = await (await connect(db)).query('SELECT 1 AS a');
  expect(rows).toEqual([{ a: 1 }]);
  const run = [bind(''), execute];
  const client = await RawClient.login(db);
  client.send(
    Buffer.concat([
      parse('', 'SELECT 1/0'),
      ...run,
      parse('', 'SELECT 2'),
      ...run,
      sync,
      parse('', `SELECT 'three'`),
      ...run,
      sync,
    ]),
  );
  await until(() => client.heard.split(READY).length > 2);
  client.vanish();
  const { heard } = client;
  const [before, between, after] = heard.split(READY);
  expect([before, between, after]).toEqual([
    expect.stringContaining('C22012'),
    expect.stringContaining('three'),
    expect.any(String),
  ]);
  expect(heard.match(/SELECT 1\0/g)).toHaveLength(1);
});

test('Flush brings the answer before the Sync, and the backend stays until then', async () => {
  const flushing = await RawClient.login(db);
  flushing.send(parse('', 'SELECT 1'), flush);
  await flushing.hears('1\0\0\0\x04');
  flushing.vanish();
  const client = await connect(db);
  expect(await value(client, 'SELECT 1')).toBe(1);
});

test('the unnamed statement survives what others do between two pipelines', async () => {
  const [client, other] = [await RawClient.login(db), await connect(db)];
  client.send(parse('', `SELECT 'mine'`), sync);
  await client.hears(READY);
  await other.query('SELECT $1::int', [1]);
  client.send(bind(''), execute, sync);
  await client.hears('mine');
  client.vanish();
});

test('an error names a prepared statement as the client does', async () => {
  const client = await connect(db);
  const named = (text: string): Promise<unknown> => client.query({ name: 'it', text });
  await named('SELECT 1');
  (client as unknown as { connection: { parsedStatements: object } }).connection.parsedStatements = {};
  await expect(named('SELECT 2')).rejects.toMatchObject({ message: 'prepared statement "it" already exists' });
  expect(await value(client, 'SELECT 1')).toBe(1);
});

test('many connections at once', async () => {
  const clients = await Promise.all(Array.from({ length: 40 }, () => connect(db)));
  const sums = await Promise.all(
    clients.map((client, n) => client.query<{ n: number }>('SELECT $1::int + 1 AS n', [n])),
  );
  expect(sums.map(({ rows }) => rows[0]?.n)).toEqual(clients.map((_, n) => n + 1));
});

test('psql', () => {
  if (spawnSync('psql', ['--version']).error) {
    console.warn('psql is not installed: its test is skipped.');
    return;
  }
  const script = `
    \\set ON_ERROR_STOP on
    CREATE TABLE reading (at timestamptz NOT NULL, v float);
    SELECT create_hypertable('reading', 'at');
    \\copy reading FROM STDIN
2026-01-01 00:00\t1.5
2026-01-02 00:00\t2.5
\\.
    BEGIN; INSERT INTO reading VALUES ('2026-01-03', 9); ROLLBACK;
    \\d reading
    COPY (SELECT count(*), sum(v) FROM reading) TO STDOUT;
    DROP TABLE reading;`;
  const out = execFileSync('psql', ['-X', db.url], { input: script, encoding: 'utf8' });
  expect(out).toContain('COPY 2');
  expect(out).toContain('timestamp with time zone');
  expect(out).toContain('2\t4');
});

test('a query of some megabytes, and an answer of some', async () => {
  const client = await connect(db);
  const text = 'x'.repeat(5 << 20);
  expect(await value(client, `SELECT length('${text}')`)).toBe(text.length);
  expect(((await value(client, `SELECT repeat('y', ${20 << 20})`)) as string).length).toBe(20 << 20);
  expect(await codeOf(client.query('SELECT 1'))).toBeUndefined();
});

test('is_superuser is reported at login as it is for that role', async () => {
  await (await connect(db)).query('CREATE ROLE plain LOGIN');
  expect(await saidUntilReady(db, LOGIN)).toContain('is_superuser\0on\0');
  expect(await saidUntilReady(db, startup('user', 'plain', 'database', 'postgres'))).toContain('is_superuser\0off\0');
});
