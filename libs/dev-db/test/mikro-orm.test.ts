import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import { start, type DevDatabase } from '../src/index.ts';

const Reading = defineEntity({
  name: 'Reading',
  properties: {
    at: p.datetime().primary(),
    sensor: p.integer().primary(),
    value: p.double(),
  },
});

const openOrm = (url: string) => MikroORM.init({ entities: [Reading], clientUrl: url, pool: { min: 1, max: 4 } });

let db: DevDatabase;
let orm: Awaited<ReturnType<typeof openOrm>>;

beforeAll(async () => {
  db = await start({ jobIntervalMs: false });
  orm = await openOrm(db.url);
  await orm.em.execute(
    'CREATE TABLE reading (at timestamptz NOT NULL, sensor int, value float, PRIMARY KEY (at, sensor))',
  );
  await orm.em.execute(
    `SELECT create_hypertable('reading', by_range('at', INTERVAL '1 day'), create_default_indexes => false)`,
  );
});
afterAll(async () => {
  await orm.close();
  await db.stop();
});

test('a hypertable is written and read in transactions on several connections', async () => {
  await Promise.all(
    [1, 2, 3, 4, 5, 6].map((sensor) =>
      orm.em.fork().transactional(async (em) => {
        em.create(Reading, { at: new Date(Date.UTC(2026, 0, sensor)), sensor, value: sensor });
        await em.flush();
        await em.execute('SELECT 1');
      }),
    ),
  );
  await expect(
    orm.em.fork().transactional(async (em) => {
      await em.execute('DELETE FROM reading');
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  const all = await orm.em.fork().findAll(Reading, { orderBy: { at: 'asc' } });
  expect(all.map(({ sensor }) => sensor)).toEqual([1, 2, 3, 4, 5, 6]);
  const [chunks] = await orm.em.execute(`SELECT count(*)::int AS n FROM show_chunks('reading')`);
  expect(chunks).toEqual({ n: 6 });
});
