// How much longer bucket() takes than the same question written by hand: `node libs/mikro-orm-timescale/bench/bucket.ts`.
import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import { start } from '@tidemark/dev-db';
import { avg, hypertable, Timescale, timescale } from '../src/index.ts';

const rows = 1_000_000;
const rounds = 9;

const Reading = defineEntity({
  name: 'Reading',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double() },
});
hypertable(Reading, { by: 'time', chunkInterval: '7 days' });

const db = await start({ jobIntervalMs: false });
const orm = await MikroORM.init({ entities: [Reading], extensions: [Timescale], clientUrl: db.url });
await orm.schema.create();
await orm.em.execute(`
  INSERT INTO reading
  SELECT timestamptz '2025-01-01Z' + i * interval '30 seconds', i % 10, random()
  FROM generate_series(1, ${rows}) AS i`);
await orm.em.execute('ANALYZE reading');

const range = [new Date('2025-01-01Z'), new Date('2026-01-01Z')] as const;
const inRange = `time >= '2025-01-01Z' AND time < '2026-01-01Z'`;
const em = orm.em.fork();
const ts = timescale(em);
const questions: [name: string, byLibrary: () => Promise<unknown>, byHand: string][] = [
  [
    'hours',
    () => ts.bucket(Reading, { every: '1 hour', range, select: { t: avg('temp') } }),
    `SELECT time_bucket('1 hour', time), avg(temp) FROM reading WHERE ${inRange} GROUP BY 1 ORDER BY 1`,
  ],
  [
    'days of Berlin',
    () => ts.bucket(Reading, { every: '1 day', timeZone: 'Europe/Berlin', range, select: { t: avg('temp') } }),
    `SELECT time_bucket('1 day', time, 'Europe/Berlin'), avg(temp) FROM reading WHERE ${inRange} GROUP BY 1 ORDER BY 1`,
  ],
  [
    'hours of Berlin by device',
    () =>
      ts.bucket(Reading, {
        every: '1 hour',
        timeZone: 'Europe/Berlin',
        range,
        groupBy: ['deviceId'],
        select: { t: avg('temp') },
      }),
    `SELECT time_bucket('1 hour', time, 'Europe/Berlin'), device_id, avg(temp) FROM reading WHERE ${inRange}
     GROUP BY 1, 2 ORDER BY 1, 2`,
  ],
  [
    'months',
    () => ts.bucket(Reading, { every: '1 month', range, select: { t: avg('temp') } }),
    `SELECT time_bucket('1 month', time), avg(temp) FROM reading WHERE ${inRange} GROUP BY 1 ORDER BY 1`,
  ],
];

for (const [name, byLibrary, byHand] of questions) {
  const [library, hand]: [number[], number[]] = [[], []];
  // In turn, so that both meet the same machine; the fastest of each met the least of others.
  for (let round = 0; round < rounds; round++) {
    library.push(await timed(byLibrary));
    hand.push(await timed(() => em.execute(byHand)));
  }
  const [libraryMs, handMs] = [Math.min(...library), Math.min(...hand)];
  console.log(
    `${name}: ${libraryMs.toFixed(0)} ms, by hand ${handMs.toFixed(0)} ms: ${(libraryMs / handMs).toFixed(2)}`,
  );
}
await orm.close();
await db.stop();

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await run();
  return performance.now() - begin;
}
