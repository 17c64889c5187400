import { defineEntity, p } from '@mikro-orm/postgresql';
import { avg, count, last, MissingFeature, timescale } from '../src/index.ts';
import { TestDatabase } from './database.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());

const Reading = defineEntity({
  name: 'Reading',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double() },
});

test('where the extension is not created, everything works but its own functions', async () => {
  const orm = db.orm([Reading], {}, { extensions: [] });
  await orm.em.execute('DROP EXTENSION timescaledb CASCADE');
  await orm.schema.create();
  expect(await timescale(orm.em).capabilities()).toMatchObject({ edition: 'none' });
  await orm.em.execute(`INSERT INTO reading VALUES ('2026-01-01 12:00Z', 1, 1), ('2026-01-01 14:59Z', 1, 4)`);
  const asked = {
    by: 'time',
    every: '1 hour',
    range: [new Date('2026-01-01T12:00Z'), new Date('2026-01-01T15:00Z')],
    groupBy: ['deviceId'],
  } as const;
  const rows = await timescale(orm.em).bucket(Reading, {
    ...asked,
    timeZone: 'Asia/Kathmandu',
    select: { t: avg('temp'), n: count() },
    fill: { t: 'linear' },
  });
  expect(rows.map(({ bucket, t, n }) => [bucket.toISOString().slice(11, 16), t, n])).toEqual([
    ['11:15', 1, 1],
    ['12:15', 2, 0],
    ['13:15', 3, 0],
    ['14:15', 4, 1],
  ]);
  const lasting = timescale(orm.em).bucket(Reading, { ...asked, select: { t: last('temp', 'time') } });
  await expect(lasting).rejects.toThrow(MissingFeature);
  await expect(lasting).rejects.toThrow('Reading: last() needs TimescaleDB, and the server has none.');
});
