import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { start, type DevDatabase } from '../src/index.ts';
import { closeClients, codeOf, connect, crash, value } from './clients.ts';

let db: DevDatabase;
let client: pg.Client;

beforeAll(async () => {
  db = await start({ jobIntervalMs: false });
});
beforeEach(async () => {
  client = await connect(db);
  await client.query('DROP TABLE IF EXISTS item; CREATE TABLE item (id int PRIMARY KEY, name text)');
});
afterEach(closeClients);
afterAll(() => db.stop());

const copyIn = (lines: Iterable<string>, into = client): Promise<void> =>
  pipeline(Readable.from(lines), into.query(copyFrom('COPY item FROM STDIN')));

const count = (): Promise<unknown> => value(client, 'SELECT count(*)::int FROM item');

test('COPY in and out', async () => {
  await copyIn(['1\tone\n', '2\ttwo\n']);
  const out: Buffer[] = [];
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out.push(chunk);
      done();
    },
  });
  await pipeline(client.query(copyTo('COPY (SELECT * FROM item ORDER BY id) TO STDOUT')), collect);
  expect(Buffer.concat(out).toString()).toBe('1\tone\n2\ttwo\n');
});

test('a COPY that fails half-way stores nothing, and the connection goes on', async () => {
  const lines = Array.from({ length: 50_000 }, (_, n) => `${n === 20_000 ? 0 : n}\tx\n`);
  expect(await codeOf(copyIn(lines))).toBe('23505');
  expect(await count()).toBe(0);
  await copyIn(['1\tone\n']);
  expect(await count()).toBe(1);
});

test('a COPY inside a transaction keeps the backend until the end', async () => {
  const other = await connect(db);
  await client.query('BEGIN');
  await copyIn(['1\tone\n']);
  const seen = value(other, 'SELECT count(*)::int FROM item');
  await copyIn(['2\ttwo\n']);
  await client.query('COMMIT');
  expect(await seen).toBe(2);
});

test('CopyFail ends a COPY with 57014', async () => {
  const stream = client.query(copyFrom('COPY item FROM STDIN'));
  const outcome = codeOf(new Promise((_, reject) => stream.on('error', reject)));
  stream.write('1\tone\n');
  stream.destroy();
  expect(await outcome).toBe('57014');
  expect(await count()).toBe(0);
});

test('a client that vanishes during its COPY stores nothing', async () => {
  const leaver = await connect(db);
  const stream = leaver.query(copyFrom('COPY item FROM STDIN'));
  stream.on('error', () => {});
  stream.write('1\tone\n');
  await new Promise((sent) => setTimeout(sent, 100));
  crash(leaver);
  expect(await count()).toBe(0);
});

test('a COPY of 100 MB goes through without being held in memory', async () => {
  const line = `\t${'x'.repeat(980)}\n`;
  const megabyte = (n: number): string => Array.from({ length: 1000 }, (_, k) => `${n * 1000 + k}${line}`).join('');
  await copyIn(
    (function* () {
      for (let n = 0; n < 100; n++) yield megabyte(n);
    })(),
  );
  expect(await count()).toBe(100_000);
});
