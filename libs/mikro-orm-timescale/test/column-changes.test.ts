import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { hypertable, ImpossibleChange, timescale, type HypertableOptions } from '../src/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity as test } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const time = p.datetime(6).primary();
const deviceId = p.integer().primary();
const place = p.string().nullable();
const temp = p.double().nullable();

interface Row {
  time: Date;
  deviceId: number;
}
type Options = Omit<HypertableOptions<keyof Row>, 'by'>;
const columnstore = { segmentBy: ['deviceId'], orderBy: { time: 'desc' } } as const;

function ormOf(entity: object, options: Options = { columnstore }): MikroORM {
  hypertable(entity as EntitySchema<Row>, { by: 'time', ...options });
  return db.orm([entity as EntitySchema]);
}

/** 40 readings, all in the columnstore. */
async function converted(): Promise<void> {
  const orm = ormOf(defineEntity({ name: 'Reading', properties: { time, deviceId, place, temp } }));
  await orm.schema.create();
  await orm.em.execute(`
    INSERT INTO reading (time, device_id, place, temp)
    SELECT timestamptz '2026-01-01' + i * interval '1 day', i % 5, i, i FROM generate_series(1, 40) AS i`);
  await orm.em.execute(`SELECT compress_chunk(chunk) FROM show_chunks('reading') AS chunk`);
}

test.each([
  [
    'nullable column and one with a default are added',
    defineEntity({
      name: 'Reading',
      properties: { time, deviceId, place, temp, note: p.string().nullable(), quality: p.integer().default(3) },
    }),
    'note IS NULL AND quality = 3',
  ],
  ['nullable column is dropped', defineEntity({ name: 'Reading', properties: { time, deviceId, temp } }), 'temp > 0'],
  [
    'column is renamed, one that segments too',
    defineEntity({
      name: 'Reading',
      properties: {
        time,
        deviceId: p.integer().primary().fieldName('device'),
        place,
        temp: p.double().nullable().fieldName('celsius'),
      },
    }),
    'celsius > 0 AND device < 5',
  ],
  [
    'column must no longer be null, and has another default',
    defineEntity({ name: 'Reading', properties: { time, deviceId, place: p.string().default('here'), temp } }),
    'place IS NOT NULL',
  ],
])('while chunks are in the columnstore a %s', async (_name, entity, condition) => {
  await converted();
  const orm = ormOf(entity);
  const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  await orm.schema.execute(up);
  expect(await pending(orm)).toBe('');
  expect(await timescale(orm.em).diff()).toEqual([]);
  expect(await orm.em.execute(`SELECT count(*)::int AS n FROM reading WHERE ${condition}`)).toEqual([{ n: 40 }]);
  expect(await timescale(orm.em).chunks()).not.toContainEqual(expect.objectContaining({ compressed: false }));
  await orm.schema.execute(down);
  expect(await orm.em.execute('SELECT count(*)::int AS n FROM reading WHERE temp > 0')).toEqual([{ n: 40 }]);
});

test.each([
  [
    'the type of "temp" cannot change while the columnstore is on. Say columnstore: false with the change',
    defineEntity({ name: 'Reading', properties: { time, deviceId, place, temp: p.integer().nullable() } }),
  ],
  [
    '"note" cannot be added without a default while the columnstore is on. Make it nullable or give it a constant default',
    defineEntity({ name: 'Reading', properties: { time, deviceId, place, temp, note: p.string() } }),
  ],
  [
    '"twice" cannot be added as a generated column while the columnstore is on',
    defineEntity({
      name: 'Reading',
      properties: { time, deviceId, place, temp, twice: p.double().generated('(temp * 2) stored').nullable() },
    }),
  ],
])('what TimescaleDB cannot do to a columnstore is said before it is tried: %s', async (message, entity) => {
  await converted();
  await expect(pending(ormOf(entity))).rejects.toThrow(ImpossibleChange);
  await expect(pending(db.orm([entity as EntitySchema]))).rejects.toThrow(`public.reading: ${message}`);
});

test('a column that segments or orders is not dropped', async () => {
  const Wide = defineEntity({ name: 'Reading', properties: { time, deviceId, place, temp } });
  hypertable(Wide, { by: 'time', columnstore: { segmentBy: ['place'], orderBy: { temp: 'asc' } } });
  await db.orm([Wide]).schema.create();
  const Unsegmented = defineEntity({ name: 'Reading', properties: { time, deviceId, temp } });
  await expect(pending(ormOf(Unsegmented))).rejects.toThrow(
    'public.reading: "place" is in columnstore.segmentBy and cannot be dropped while the columnstore is on. ' +
      'Take it out of there one migration earlier, or say columnstore: false with the change, ' +
      'and switch it on again in the next migration.',
  );
  const Unordered = defineEntity({ name: 'Reading', properties: { time, deviceId, place } });
  await expect(pending(ormOf(Unordered))).rejects.toThrow('"temp" is in columnstore.orderBy');
});

test('what is refused works with the columnstore off, and a down brings all of it back', async () => {
  await converted();
  const entity = defineEntity({ name: 'Reading', properties: { time, deviceId, place, temp: p.integer().nullable() } });
  const orm = ormOf(entity, { columnstore: false });
  const before = await stateInCatalog(orm, 'reading');
  const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  await orm.schema.execute(up);
  expect(await pending(orm)).toBe('');
  expect(await orm.em.execute('SELECT sum(temp)::int AS sum FROM reading')).toEqual([{ sum: 820 }]);
  await orm.schema.execute(down);
  expect(await stateInCatalog(orm, 'reading')).toEqual(before);
  expect(await orm.em.execute('SELECT sum(temp)::int AS sum FROM reading')).toEqual([{ sum: 820 }]);
});
