import { existsSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { DevDatabaseEvent } from '../src/index.ts';
import { connect, until, value } from './clients.ts';
import { databasesOfThisFile } from './databases.ts';

const { launch, file } = databasesOfThisFile();

test('after kill -9 every acknowledged row is there, on the same port', async () => {
  const seed = Number(process.env['DEV_DB_SEED'] ?? Date.now() % 100_000);
  console.info(`kill -9 rounds with seed ${seed} (DEV_DB_SEED repeats it)`);
  const random = randomFrom(seed);
  const restarts: DevDatabaseEvent[] = [];
  const db = await launch({ dataDir: file('killed'), onEvent: (event) => restarts.push(event) });
  const { url } = db;
  await (await connect(db)).query('CREATE TABLE seen (n int PRIMARY KEY)');
  let acknowledged = 0;
  let next = 0;
  for (let round = 1; round <= 4; round++) {
    const client = await connect(db);
    const killAfterMs = 50 + random() * 300;
    setTimeout(() => process.kill(db.pid, 'SIGKILL'), killAfterMs);
    const insertNext = (): Promise<boolean> =>
      client.query('INSERT INTO seen VALUES ($1)', [++next]).then(
        () => true,
        () => false,
      );
    while (await insertNext()) acknowledged = next;
    await until(() => restarts.length === round);
    const again = await connect(db);
    const missing = `SELECT count(*)::int FROM generate_series(1, ${acknowledged}) n LEFT JOIN seen USING (n) WHERE seen.n IS NULL`;
    // Rows of earlier rounds whose insert was not acknowledged may be there or not.
    await again.query('INSERT INTO seen SELECT generate_series(1, $1) ON CONFLICT DO NOTHING', [next]).catch(() => {});
    expect(await value(again, missing)).toBe(0);
    acknowledged = next;
  }
  expect(db.url).toBe(url);
  expect(restarts).toEqual(Array(4).fill(expect.objectContaining({ kind: 'restarted' })));
});

test('kill -9 during a snapshot leaves the last one, and nothing beside it', async () => {
  const snapshot = file('killed.tar');
  const db = await launch({ dataDir: file('snapshotted') });
  await db.snapshot(snapshot);
  const { size } = statSync(snapshot);
  const { pid } = db;
  // The part is there for some milliseconds only. Frozen with it the process can be killed at leisure; one that was not
  // caught in time is tried again.
  let failure = Promise.resolve<unknown>('whole');
  do {
    process.kill(pid, 'SIGCONT');
    expect(await failure).toBe('whole');
    const attempt = { ended: false };
    failure = db.snapshot(snapshot).then(
      () => 'whole',
      (error: unknown) => error,
    );
    void failure.then(() => (attempt.ended = true));
    await untilAtOnce(() => attempt.ended || existsSync(`${snapshot}.part`));
    process.kill(pid, 'SIGSTOP');
    await wait(100);
  } while (!existsSync(`${snapshot}.part`));
  process.kill(pid, 'SIGKILL');
  expect(await failure).toMatchObject({ message: expect.stringContaining('the database process ended') as string });
  expect([statSync(snapshot).size, existsSync(`${snapshot}.part`)]).toEqual([size, false]);
  await until(() => db.pid !== pid);
  await until(() =>
    db.snapshot(snapshot).then(
      () => true,
      () => false,
    ),
  );
});

test('a database in memory that dies is reported, not replaced by an empty one', async () => {
  const events: DevDatabaseEvent[] = [];
  const db = await launch({ onEvent: (event) => events.push(event) });
  process.kill(db.pid, 'SIGKILL');
  await until(() => events.length > 0);
  expect(events).toEqual([{ kind: 'gave-up', reason: expect.stringContaining('its data is gone') as string }]);
  await expect(connect(db)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await db.stop();
});

test('out of memory ends the process, and another takes over', async () => {
  const events: DevDatabaseEvent[] = [];
  const db = await launch({ dataDir: file('exhausted'), onEvent: (event) => events.push(event) });
  const client = await connect(db);
  await client.query('CREATE TABLE kept AS SELECT 1 AS n');
  await expect(client.query('SELECT cardinality(array_fill(0, ARRAY[260000000]))')).rejects.toMatchObject({
    code: '53200',
  });
  await until(() => events.length > 0);
  expect(events[0]).toMatchObject({ kind: 'restarted', reason: expect.stringContaining('53200') as string });
  expect(await value(await connect(db), 'SELECT n FROM kept')).toBe(1);
});

test('a reopened database shows its compressed chunks', async () => {
  const dataDir = file('compressed');
  const db = await launch({ dataDir });
  const client = await connect(db);
  await client.query(`
    CREATE TABLE metric (at timestamptz NOT NULL, v int);
    SELECT create_hypertable('metric', 'at', chunk_time_interval => interval '1 day');
    INSERT INTO metric SELECT '2026-01-01'::timestamptz + n * interval '1 minute', n FROM generate_series(0, 14399) n;
    ALTER TABLE metric SET (timescaledb.compress);
    SELECT compress_chunk(c) FROM show_chunks('metric') c LIMIT 5`);
  await db.stop();
  const again = await connect(await launch({ dataDir }));
  expect(await value(again, 'SELECT count(*)::int FROM metric')).toBe(14_400);
});

test('a snapshot is a template, for memory and for a folder', async () => {
  const snapshot = file('template.tar');
  const original = await launch();
  const client = await connect(original);
  await client.query(`
    CREATE TABLE metric (at timestamptz NOT NULL, v int);
    SELECT create_hypertable('metric', 'at');
    INSERT INTO metric VALUES ('2026-01-01', 1), ('2026-02-01', 2)`);
  await original.snapshot(snapshot);
  await client.query('INSERT INTO metric VALUES (now(), 3)');
  for (const options of [{}, { dataDir: file('from-template') }]) {
    const startedAt = Date.now();
    const copy = await launch({ template: snapshot, ...options });
    console.info(`started from a template in ${Date.now() - startedAt} ms`);
    expect(await value(await connect(copy), 'SELECT sum(v)::int FROM metric')).toBe(3);
  }
});

/** Mulberry32: the same seed, the same numbers. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Looks at every turn of the event loop. */
async function untilAtOnce(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
