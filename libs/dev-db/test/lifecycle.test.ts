import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DataDirLocked, NotRunning, PortTaken, StartFailed } from '../src/index.ts';
import type { DevDatabase, DevDatabaseEvent } from '../src/index.ts';
import { connect, until, value } from './clients.ts';
import { databasesOfThisFile } from './databases.ts';
import { frame, RawClient } from './raw-client.ts';

const { launch, file, emptyTemplate, stopAll } = databasesOfThisFile();

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
      `${dataDir} is in use by process ${winners[0]?.value.pid ?? 0}: stop that process, or choose another data folder.`,
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

test('two databases start at the same time, in folders of any name', async () => {
  const folders = [file('with a space/and ümlaut 数据'), file(`it's 100% "quoted"`)];
  const both = await Promise.all(folders.map((dataDir) => launch({ dataDir })));
  for (const db of both) await (await connect(db)).query('CREATE TABLE kept AS SELECT 1 AS n');
  await stopAll();
  const again = await launch({ dataDir: file('with a space/and ümlaut 数据') });
  expect(await value(await connect(again), 'SELECT n FROM kept')).toBe(1);
});

test.each(['plain-file', 'plain-file/below'])('a data folder that is %s is refused in one line', async (name) => {
  writeFileSync(file('plain-file'), '');
  const refusal = await launch({ dataDir: file(name) }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StartFailed);
  expect((refusal as Error).message).toBe(
    `The embedded database did not start: ${file(name)} cannot be its data folder: ` +
      'it is not a folder, or is below what is none.',
  );
});

test('a data folder that may not be written to is refused in one line', async () => {
  if (process.getuid?.() === 0) {
    console.warn('root may write everywhere: the test of a read-only data folder is skipped.');
    return;
  }
  const dataDir = file('read-only');
  mkdirSync(dataDir, { mode: 0o555 });
  await expect(launch({ dataDir })).rejects.toThrow(`${dataDir} cannot be its data folder: it may not be written to`);
});

test('a template that is missing or broken is refused with the reason', async () => {
  await expect(launch({ template: file('none.tar') })).rejects.toThrow(/did not start: .*ENOENT.*none\.tar/);
  const template = file('broken.tar');
  for (const content of ['', 'not a tar', readFileSync(emptyTemplate()).subarray(0, 512 * 100)]) {
    writeFileSync(template, content);
    await expect(launch({ template })).rejects.toThrow(`did not start: Error: ${template} is no snapshot`);
  }
});

test.each(['SIGKILL', 'SIGTERM'] as const)('when the parent ends by %s, the database ends too', async (signal) => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'parent.ts'), emptyTemplate()], {
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

test('stop() does not wait for a COPY under way, which stores nothing', async () => {
  const dataDir = file('copying');
  const db = await launch({ dataDir });
  const client = await RawClient.login(db);
  client.send(frame('Q', 'CREATE TABLE item (a int); COPY item FROM STDIN\0'), frame('d', '1\n'));
  await client.hears('G');
  const idle = await launch();
  const [ofIdle, ofCopying] = [await stopMs(idle), await stopMs(db)];
  // One that waited would be killed after five seconds.
  expect(ofCopying).toBeLessThan(ofIdle + 4_000);
  expect(client.heard).toContain('57P01');
  const again = await connect(await launch({ dataDir }));
  expect(await value(again, `SELECT to_regclass('item')`)).toBeNull();
});

test('stop() during a restart ends the new process too', async () => {
  const events: DevDatabaseEvent[] = [];
  const db = await launch({ dataDir: file('restarting'), onEvent: (event) => events.push(event) });
  const { pid } = db;
  process.kill(pid, 'SIGKILL');
  await until(() => db.pid !== pid);
  await db.stop();
  expect(isAlive(db.pid)).toBe(false);
  expect(events).toEqual([{ kind: 'stopped' }]);
});

test('snapshots at the same time are each whole when they are said to be', async () => {
  const db = await launch();
  const files = ['one.tar', 'two.tar', 'three.tar'].map(file);
  await Promise.all(
    files.map(async (snapshot) => {
      await db.snapshot(snapshot);
      expect(existsSync(snapshot)).toBe(true);
    }),
  );
  await expect(db.snapshot(file('no/such/folder/x.tar'))).rejects.toThrow('ENOENT');
});

test('there is no snapshot of a database that was stopped', async () => {
  const db = await launch();
  await db.stop();
  await expect(db.snapshot(file('late.tar'))).rejects.toBeInstanceOf(NotRunning);
});

async function stopMs(db: DevDatabase): Promise<number> {
  const startedAt = Date.now();
  await db.stop();
  return Date.now() - startedAt;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
