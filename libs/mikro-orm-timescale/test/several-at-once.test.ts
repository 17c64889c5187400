import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { Client } from 'pg';
import { continuousAggregate, count, hypertable, PreviewOutdated, timescale } from '../src/index.ts';
import { stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity, onServer, serverUrl } from './server.ts';
import { until } from './until.ts';
import { wantedReading } from './wanted-reading.ts';

// Connections that are at work at the same time, which the embedded database has none of.

const db = new TestDatabase();
if (serverUrl !== undefined) {
  beforeAll(() => db.start());
  afterEach(() => db.empty());
  afterAll(() => db.stop());
}
const onBoth = serverUrl === undefined ? test.skip : onCommunity;

const properties = { time: p.datetime(6).primary(), deviceId: p.integer().primary() };

function lenient(entity: EntitySchema): MikroORM {
  return db.orm([entity], { onMissing: 'skip', allowDestructive: true });
}

/** What processes answered that all began at one moment. */
async function applyInProcesses(howMany: number): Promise<{ steps?: number; error?: string }[]> {
  const script = join(import.meta.dirname, 'apply-process.ts');
  const env = { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' };
  const at = String(Date.now() + 4_000);
  const all = Array.from({ length: howMany }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, db.url, at], { env });
    return JSON.parse(stdout) as { steps?: number; error?: string };
  });
  return Promise.all(all);
}

onServer.each<[string, { chunkInterval?: '2 days' }]>([
  ['an ordinary table', {}],
  ['a hypertable with other settings', { chunkInterval: '2 days' }],
])('processes that apply() at once to %s take each step once, and none fails', async (_name, options) => {
  const Before = defineEntity({ name: 'Reading', properties });
  if (options.chunkInterval) hypertable(Before, { by: 'time', ...options });
  await db.orm([Before]).schema.create();
  await db
    .orm([])
    .em.execute(`INSERT INTO reading SELECT now() - i * interval '1 hour', 1 FROM generate_series(1, 99) AS i`);
  const orm = lenient(wantedReading());
  const steps = (await timescale(orm.em).diff()).length;
  const answers = await applyInProcesses(4);
  expect(answers.map((answer) => answer.steps ?? answer.error).sort()).toEqual([0, 0, 0, steps]);
  expect(await timescale(orm.em).diff()).toEqual([]);
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({
    by: { interval: '1 day' },
    dimensions: [{ partitions: 2 }],
  });
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM reading')).toEqual([{ n: 99 }]);
});

onServer('apply() waits for a writer no longer than lock_timeout says, and then has done nothing', async () => {
  const Reading = defineEntity({ name: 'Reading', properties });
  await db.orm([Reading]).schema.create();
  const orm = db.orm(
    [wantedReading()],
    { onMissing: 'skip', allowDestructive: true },
    {
      driverOptions: { options: '-c lock_timeout=300ms' },
    },
  );
  expect(await orm.em.execute('SHOW lock_timeout')).toEqual([{ lock_timeout: '300ms' }]);
  const writer = new Client(db.url);
  await writer.connect();
  try {
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO reading VALUES (now(), 1)`);
    await expect(timescale(orm.em).apply()).rejects.toThrow('lock timeout');
    await writer.query('COMMIT');
  } finally {
    await writer.end();
  }
  expect(await stateInCatalog(orm, 'reading')).toBeUndefined();
  await timescale(orm.em).apply();
  expect(await timescale(orm.em).diff()).toEqual([]);
});

onBoth('a refresh while writers write leaves out nothing that a later one does not bring in', async () => {
  const Reading = defineEntity({ name: 'Reading', properties });
  hypertable(Reading, { by: 'time', chunkInterval: '1 day' });
  const Hourly = continuousAggregate('Hourly', Reading, { bucket: ['1 hour', 'time'], select: { n: count() } });
  const orm = db.orm([Reading, Hourly], {}, { pool: { min: 0, max: 6 } });
  await orm.schema.create();
  const ts = timescale(orm.em);
  let isRefreshing = true;
  const write = async (device: number): Promise<number> => {
    let rounds = 0;
    // A second later in each round; after ten minutes of them the next row would be met.
    for (; isRefreshing && rounds < 600; rounds++) {
      await orm.em.execute(
        `INSERT INTO reading SELECT timestamptz '2026-01-01Z' + i * interval '10 minutes' + ? * interval '1 second', ?
         FROM generate_series(0, 287) AS i`,
        [rounds, device],
      );
    }
    return rounds;
  };
  const writing = Promise.all([1, 2, 3].map(write));
  for (let refreshes = 0; refreshes < 5; refreshes++) await ts.refresh(Hourly);
  isRefreshing = false;
  const rounds = (await writing).reduce((sum, each) => sum + each, 0);
  await ts.refresh(Hourly);
  const [counted] = await orm.em.execute<object[]>('SELECT sum(n)::int AS n, count(*)::int AS hours FROM hourly');
  expect(counted).toEqual({ n: rounds * 288, hours: 48 });
});

onServer('dropChunks() waits for a writer who is at work in one of the chunks', async () => {
  const { orm, drop } = await previewedDrop();
  const writer = new Client(db.url);
  await writer.connect();
  try {
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO reading VALUES ('2026-01-01 12:00Z', 1)`);
    const dropping = drop();
    await untilSomebodyWaits(orm);
    await writer.query('COMMIT');
    expect(await dropping).toBe(3);
  } finally {
    await writer.end();
  }
  expect(await timescale(orm.em).chunks()).toHaveLength(2);
});

onServer('dropChunks() waits for a reader who has opened a chunk, and is about to open its indexes', async () => {
  const { orm, drop } = await previewedDrop();
  const reader = new Client(db.url);
  await reader.connect();
  try {
    const [chunk] = await timescale(orm.em).chunks();
    const table = `"${chunk?.schema ?? ''}"."${chunk?.name ?? ''}"`;
    await reader.query('BEGIN');
    await reader.query(`LOCK TABLE ${table} IN ACCESS SHARE MODE`);
    const dropping = drop();
    await untilSomebodyWaits(orm);
    await reader.query(`SELECT count(*) FROM ${table}`);
    await reader.query('COMMIT');
    expect(await dropping).toBe(3);
  } finally {
    await reader.end();
  }
});

onServer('of two that drop the same chunks at once, one does, and the other is told that they are gone', async () => {
  const { orm, drop } = await previewedDrop();
  const [chunk] = await timescale(orm.em).chunks();
  const holder = new Client(db.url);
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE "${chunk?.schema ?? ''}"."${chunk?.name ?? ''}" IN ACCESS SHARE MODE`);
    const dropping = Promise.all([drop(), drop()]);
    await untilSomebodyWaits(orm, 2);
    await holder.query('COMMIT');
    expect((await dropping).sort()).toEqual([3, 'PreviewOutdated']);
  } finally {
    await holder.end();
  }
  expect(await timescale(orm.em).chunks()).toHaveLength(2);
});

/** Five days of readings, and what drops the first three of them: it says how many chunks went, or which error there is. */
async function previewedDrop(): Promise<{ orm: MikroORM; drop: () => Promise<number | string> }> {
  const Reading = defineEntity({ name: 'Reading', properties });
  hypertable(Reading, { by: 'time', chunkInterval: '1 day' });
  const orm = db.orm([Reading], {}, { pool: { min: 0, max: 3 } });
  await orm.schema.create();
  await orm.em.execute(
    `INSERT INTO reading SELECT timestamptz '2026-01-01Z' + i * interval '1 day', 1 FROM generate_series(0, 4) AS i`,
  );
  const ts = timescale(orm.em);
  const old = { olderThan: new Date('2026-01-04Z') };
  const { token, chunks } = await ts.dropChunks(Reading, old);
  expect(chunks).toHaveLength(3);
  const drop = (): Promise<number | string> =>
    ts.dropChunks(Reading, old, { confirm: token }).then(
      (dropped) => dropped.length,
      (error: unknown) => (error instanceof PreviewOutdated ? error.name : String(error)),
    );
  return { orm, drop };
}

async function untilSomebodyWaits(orm: MikroORM, howMany = 1): Promise<void> {
  const waiting = `
    SELECT DISTINCT pid FROM pg_locks
    WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await until(
    `${howMany} wait for a lock`,
    () => orm.em.execute<object[]>(waiting),
    (found) => found.length === howMany,
  );
}
