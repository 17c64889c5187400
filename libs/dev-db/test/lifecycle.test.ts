import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DataDirLocked, PortTaken, type DevDatabase, type DevDatabaseOptions } from '../src/index.ts';
import { connect, until, value } from './clients.ts';
import { Databases } from './databases.ts';

let databases: Databases;
const launch = (options?: DevDatabaseOptions): Promise<DevDatabase> => databases.launch(options);
const file = (name: string): string => join(databases.root, name);

beforeAll(async () => {
  databases = await Databases.prepare();
});
afterEach(() => databases.stopAll());
afterAll(() => databases.remove());

test('a statement without end does not outlive stop()', async () => {
  const db = await launch();
  const { pid } = db;
  const client = await connect(db);
  void client.query('SELECT count(*) FROM generate_series(1, 1000000000000)').catch(() => {});
  await wait(200);
  await db.stop();
  expect(isAlive(pid)).toBe(false);
});

test('a data folder is open once: of several openers one wins, the others are told who has it', async () => {
  const dataDir = file('locked');
  const outcomes = await Promise.allSettled([launch({ dataDir }), launch({ dataDir }), launch({ dataDir })]);
  const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  expect(winners).toHaveLength(1);
  for (const refusal of refusals) {
    expect(refusal).toBeInstanceOf(DataDirLocked);
    expect(refusal.message).toBe(
      `${dataDir} is in use by process ${winners[0]!.value.pid}: stop that process, or choose another data folder.`,
    );
  }
});

test.each([
  ['a process that is gone', () => '999999999 1 x\n'],
  ['a process id that is another process by now', () => `${process.pid} 1 x\n`],
  ['nobody, by an empty file', () => ''],
])('a lock left by %s is taken over', async (_whose, content) => {
  const dataDir = file('locked');
  writeFileSync(join(dataDir, 'lock'), content());
  const db = await launch({ dataDir });
  expect(readFileSync(join(dataDir, 'lock'), 'utf8')).toContain(String(db.pid));
});

test('a port that is taken is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as { port: number };
  const refusal = await launch({ port }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(PortTaken);
  expect((refusal as Error).message).toContain(String(port));
  other.close();
});

test.each(['SIGKILL', 'SIGTERM'] as const)('when the parent ends by %s, the database ends too', async (signal) => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'parent.ts'), databases.template], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await new Promise<Buffer>((said) => parent.stdout.once('data', said)));
  parent.kill(signal);
  await until(() => !isAlive(pid));
});

test('Ctrl-C does not reach the database before its parent', async () => {
  const db = await launch();
  const client = await connect(db);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(db.pid, signal);
  await wait(100);
  expect(await value(client, 'SELECT 1')).toBe(1);
});

test('stop() may be called twice, and ends open transactions', async () => {
  const dataDir = file('stopped');
  const db = await launch({ dataDir });
  const client = await connect(db);
  await client.query('CREATE TABLE kept (a int)');
  await client.query('BEGIN; INSERT INTO kept VALUES (1)');
  await Promise.all([db.stop(), db.stop()]);
  await db.stop();
  const again = await connect(await launch({ dataDir }));
  expect(await value(again, 'SELECT count(*)::int FROM kept')).toBe(0);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
