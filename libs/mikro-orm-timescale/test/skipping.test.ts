import { defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { bloom, hypertable, minmax, timescale, type HypertableOptions } from '../src/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity, onSparseIndexes } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = {
  time: p.datetime(6).primary(),
  deviceId: p.integer().primary(),
  seq: p.bigint().nullable(),
  noted: p.date().nullable(),
  place: p.string().nullable(),
  temp: p.double().nullable(),
};
type Options = Omit<HypertableOptions<keyof typeof properties>, 'by'>;

function reading(options: Options): EntitySchema {
  const Reading = defineEntity({ name: 'Reading', properties });
  hypertable(Reading, { by: 'time', ...options });
  return Reading;
}

async function apply(options: Options): Promise<unknown> {
  const orm = db.orm([reading(options)]);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await timescale(orm.em).diff()).toEqual([]);
  return stateInCatalog(orm, 'reading');
}

async function insertReadings(orm: MikroORM): Promise<void> {
  await orm.em.execute(`
    INSERT INTO reading (time, device_id, seq, place, temp)
    SELECT timestamptz '2026-01-01' + i * interval '1 day', i % 5, i, 'place ' || i % 3, i
    FROM generate_series(1, 60) AS i`);
}

async function compressAll(orm: MikroORM): Promise<void> {
  await orm.em.execute(`SELECT compress_chunk(chunk, if_not_compressed => true) FROM show_chunks('reading') AS chunk`);
}

describe('chunk skipping', () => {
  onCommunity('is switched on, changed, left alone when not mentioned, and off', async () => {
    expect(await apply({})).toMatchObject({ chunkSkipping: false });
    expect(await apply({ chunkSkipping: ['seq'] })).toMatchObject({ chunkSkipping: ['seq'] });
    expect(await apply({ chunkSkipping: ['deviceId', 'noted'] })).toMatchObject({
      chunkSkipping: ['device_id', 'noted'],
    });
    expect(await apply({})).toMatchObject({ chunkSkipping: ['device_id', 'noted'] });
    expect(await apply({ chunkSkipping: [] })).toMatchObject({ chunkSkipping: false });
    expect(await apply({ chunkSkipping: ['seq'] })).toMatchObject({ chunkSkipping: ['seq'] });
    expect(await apply({ chunkSkipping: false })).toMatchObject({ chunkSkipping: false });
  });

  onCommunity(
    'passes over chunks where the setting is on, both when they are converted and when they are queried',
    async () => {
      await apply({ chunkSkipping: ['seq'], columnstore: { segmentBy: ['deviceId'] } });
      const orm = db.orm([], {}, { pool: { min: 1, max: 1 } });
      await orm.em.execute('SET timescaledb.enable_chunk_skipping = on');
      await insertReadings(orm);
      await compressAll(orm);
      const chunksRead = async (): Promise<number> => {
        const plan = await orm.em.execute<object[]>('EXPLAIN SELECT * FROM reading WHERE seq = 7');
        return new Set(JSON.stringify(plan).match(/(?<!compress)_hyper_\d+_\d+_chunk/g)).size;
      };
      expect(await chunksRead()).toBe(1);
      await orm.em.execute('SET timescaledb.enable_chunk_skipping = off');
      expect(await chunksRead()).toBeGreaterThan(5);
    },
  );

  onCommunity.each([true, false])(
    'leaves the setting of the session as it was, in a transaction: %s',
    async (wrapped) => {
      const orm = db.orm([reading({ chunkSkipping: ['seq'] })], {}, { pool: { min: 1, max: 1 } });
      await orm.em.execute('CREATE TABLE other (id int)');
      const statements = (await orm.schema.getUpdateSchemaSQL({ wrap: false, dropTables: false })).split('\n');
      const run = async (em: MikroORM['em']): Promise<unknown> => {
        for (const statement of statements) if (statement.trim() !== '') await em.execute(statement);
        return em.execute('SHOW timescaledb.enable_chunk_skipping');
      };
      const shown = wrapped ? await orm.em.transactional((em) => run(em)) : await run(orm.em);
      expect(shown).toEqual([{ 'timescaledb.enable_chunk_skipping': 'off' }]);
      expect(await stateInCatalog(orm, 'reading')).toMatchObject({ chunkSkipping: ['seq'] });
    },
  );

  onCommunity('goes before the type of its column changes', async () => {
    await apply({ chunkSkipping: ['seq', 'deviceId'] });
    const Changed = defineEntity({ name: 'Reading', properties: { ...properties, seq: p.string().nullable() } });
    hypertable(Changed, { by: 'time', chunkSkipping: ['deviceId'] });
    const orm = db.orm([Changed]);
    const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
    await orm.schema.execute(up);
    expect(await pending(orm)).toBe('');
    expect(await stateInCatalog(orm, 'reading')).toMatchObject({ chunkSkipping: ['device_id'] });
    await orm.schema.execute(down);
    expect(await stateInCatalog(orm, 'reading')).toMatchObject({ chunkSkipping: ['device_id', 'seq'] });
  });

  onCommunity('a snapshot that knows nothing of it gives a migration that works whatever is there', async () => {
    await apply({ chunkSkipping: ['seq'] });
    const unknowing = db.orm([reading({})]);
    const orm = db.orm([reading({ chunkSkipping: ['noted'] })]);
    await orm.schema.execute(
      await orm.schema.getUpdateSchemaSQL({ wrap: false, fromSchema: unknowing.schema.getTargetSchema() }),
    );
    expect(await stateInCatalog(orm, 'reading')).toMatchObject({ chunkSkipping: ['noted'] });
  });
});

describe('sparse indexes', () => {
  const orderBy = { time: 'desc' } as const;

  onSparseIndexes('are chosen, changed, left alone when not mentioned, and none at all', async () => {
    expect(await apply({ columnstore: { orderBy, sparseIndexes: [minmax('temp'), bloom('place')] } })).toMatchObject({
      columnstore: {
        sparseIndexes: [
          { kind: 'bloom', column: 'place' },
          { kind: 'minmax', column: 'temp' },
        ],
      },
    });
    const changed = { columnstore: { sparseIndexes: [{ kind: 'minmax', column: 'place' }] } };
    expect(await apply({ columnstore: { orderBy, sparseIndexes: [minmax('place')] } })).toMatchObject(changed);
    expect(await apply({ columnstore: { orderBy } })).toMatchObject(changed);
    expect(await apply({ columnstore: { orderBy, sparseIndexes: false } })).toMatchObject({
      columnstore: { sparseIndexes: false },
    });
    expect(await apply({ columnstore: { orderBy, sparseIndexes: [] } })).toMatchObject({
      columnstore: { sparseIndexes: false },
    });
  });

  onSparseIndexes('are in the chunks that are converted from then on', async () => {
    await apply({ columnstore: { segmentBy: ['deviceId'], orderBy, sparseIndexes: [bloom('place'), minmax('temp')] } });
    const orm = db.orm([]);
    await insertReadings(orm);
    await compressAll(orm);
    const [chunk] = await orm.em.execute<{ columns: string[] }[]>(`
      SELECT array_agg(attname::text ORDER BY attname) AS columns
      FROM _timescaledb_catalog.compression_settings JOIN pg_attribute ON attrelid = compress_relid
      WHERE relid <> 'reading'::regclass AND attnum > 0
      GROUP BY compress_relid LIMIT 1`);
    expect(chunk?.columns.join(' ')).toMatch(/_bloom._place.* _ts_meta_v2_max_temp _ts_meta_v2_min_temp/);
  });

  onSparseIndexes('a column that orders or segments instead of having one says so, or is told to', async () => {
    await apply({ columnstore: { orderBy, sparseIndexes: [bloom('place')] } });
    const unsaid = db.orm([reading({ columnstore: { segmentBy: ['place'], orderBy } })]);
    await expect(pending(unsaid)).rejects.toThrow(
      '"place" has a bloom index, which a column of segmentBy or orderBy cannot have. ' +
        'Say which there shall be in columnstore.sparseIndexes',
    );
    const columnstore = { segmentBy: ['place'], orderBy, sparseIndexes: [minmax('temp')] } as const;
    expect(await apply({ columnstore })).toMatchObject({
      columnstore: { segmentBy: ['place'], sparseIndexes: [{ kind: 'minmax', column: 'temp' }] },
    });
  });

  onSparseIndexes('what TimescaleDB chose comes back with a down, and so does what was said', async () => {
    const before = await apply({ columnstore: { orderBy: { place: 'asc', time: 'desc' } } });
    const orm = db.orm([reading({ columnstore: { orderBy, sparseIndexes: [bloom('place')] } })]);
    const first = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
    await orm.schema.execute(first.up);
    const between = await stateInCatalog(orm, 'reading');
    const other = db.orm([reading({ columnstore: { orderBy, sparseIndexes: false } })]);
    const second = await other.schema.getUpdateSchemaMigrationSQL({ wrap: false });
    await orm.schema.execute(second.up);
    await orm.schema.execute(second.down);
    expect(await stateInCatalog(orm, 'reading')).toEqual(between);
    await orm.schema.execute(first.down);
    expect(await stateInCatalog(orm, 'reading')).toEqual(before);
  });

  onSparseIndexes('go along with their column', async () => {
    await apply({ columnstore: { orderBy, sparseIndexes: [bloom('place'), minmax('temp')] } });
    const { time, deviceId, seq, noted, temp } = properties;
    const Narrow = defineEntity({ name: 'Reading', properties: { time, deviceId, seq, noted, temp } });
    hypertable(Narrow, { by: 'time', columnstore: { orderBy, sparseIndexes: [minmax('temp')] } });
    const orm = db.orm([Narrow]);
    await insertReadings(orm);
    await compressAll(orm);
    const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
    await orm.schema.execute(up);
    expect(await pending(orm)).toBe('');
    await orm.schema.execute(down);
    await orm.schema.update();
    expect(await stateInCatalog(orm, 'reading')).toMatchObject({
      columnstore: { sparseIndexes: [{ kind: 'minmax', column: 'temp' }] },
    });
    expect(await orm.em.execute('SELECT count(*)::int AS n FROM reading WHERE temp > 0')).toEqual([{ n: 60 }]);
  });
});
