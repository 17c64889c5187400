import { defineEntity, MikroORM, p, type EntitySchema, type Options } from '@mikro-orm/postgresql';
import { hypertable, Timescale } from '../src/index.ts';
import { stateInCatalog, TestDatabase } from './database.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const time = p.datetime(6).primary();

/** Without a connection: discovery needs none. */
function init(entities: EntitySchema[], discovery: Options['discovery'] = {}): Promise<unknown> {
  return MikroORM.init({ entities, discovery, extensions: [Timescale], dbName: 'metrics', logger: () => undefined });
}

function withReorder(index: string): EntitySchema {
  const Reading = defineEntity({ name: 'Reading', properties: { time } });
  hypertable(Reading, { by: 'time', reorder: { index } });
  return Reading;
}

test('a definition that only the names show to be wrong fails MikroORM.init', async () => {
  await init([withReorder('reading_pkey')]);
  await expect(init([withReorder('by_time')])).rejects.toThrow(
    'hypertable(Reading), reorder.index: there is no index "by_time". Use one of reading_pkey.',
  );
});

test('a property that becomes two columns does not partition', async () => {
  const Reading = defineEntity({ name: 'Reading', properties: { time, id: p.integer().primary() } });
  const Note = defineEntity({
    name: 'Note',
    properties: { reading: () => p.manyToOne(Reading).primary() },
  });
  hypertable(Note, { by: 'reading' });
  await expect(init([Reading, Note])).rejects.toThrow('hypertable(Note), reading: it is not one column');
});

test('a view of a base class that makes hypertables is left a view', async () => {
  const Series = defineEntity({ name: 'Series', abstract: true, properties: { time } });
  hypertable(Series, { by: 'time' });
  await init([
    defineEntity({
      name: 'Latest',
      extends: Series,
      view: true,
      expression: 'select now() as time, 1 as one',
      properties: { one: p.integer() },
    }),
  ]);
});

test("the application's own hook runs first, whether it waits or not", async () => {
  const Later = defineEntity({ name: 'Later', properties: { time, name: p.string() } });
  hypertable(Later, { by: 'time' });
  const addUnique: NonNullable<Options['discovery']>['afterDiscovered'] = (entities) => {
    for (const { uniques } of entities) uniques.push({ properties: ['name'] });
  };
  await expect(init([Later], { afterDiscovered: addUnique })).rejects.toThrow('hypertable(Later), by: the unique key');
  const slowly: typeof addUnique = async (...found) => {
    await Promise.resolve();
    await addUnique(...found);
  };
  await expect(init([Later], { afterDiscovered: slowly })).rejects.toThrow('hypertable(Later), by: the unique key');
});

test('a base entity brings its time along, and its definition', async () => {
  const Series = defineEntity({ name: 'Series', abstract: true, properties: { time } });
  const Wind = defineEntity({ name: 'Wind', extends: Series, properties: { speed: p.double() } });
  hypertable(Wind, { by: 'time', chunkInterval: '1 day' });
  const Dated = defineEntity({ name: 'Dated', abstract: true, properties: { time } });
  hypertable(Dated, { by: 'time', chunkInterval: '2 days' });
  const Rain = defineEntity({ name: 'Rain', extends: Dated, properties: { amount: p.double() } });
  const orm = db.orm([Wind, Rain]);
  await orm.schema.create();
  expect(await stateInCatalog(orm, 'wind')).toMatchObject({ by: { interval: '1 day' } });
  expect(await stateInCatalog(orm, 'rain')).toMatchObject({ by: { interval: '2 days' } });
});

test('a class that is set later takes the definition over', async () => {
  const ReadingSchema = defineEntity({ name: 'Reading', properties: { time } });
  hypertable(ReadingSchema, { by: 'time', chunkInterval: '1 day' });
  class Reading extends ReadingSchema.class {}
  ReadingSchema.setClass(Reading);
  const orm = db.orm([ReadingSchema]);
  await orm.schema.create();
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({ by: { interval: '1 day' } });
});
