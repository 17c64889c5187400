import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineEntity, EntitySchema, p, type MikroORM, type Options } from '@mikro-orm/postgresql';
import { NotThere, NoTimescale, timescale, type PullOptions } from '../src/index.ts';
import { hypertableOf } from '../src/state/on-table.ts';
import type { HypertableState } from '../src/state/hypertable-state.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { AskingNames } from './loud-names.ts';
import { onCommunity, onSparseIndexes } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

let made = 0;

/** Writes the source into a module of a project and imports it. */
async function evaluate(source: string, files: Record<string, string> = {}): Promise<EntitySchema[]> {
  const folder = await db.folder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const file = join(folder, `pulled-${made++}.ts`);
  await writeFile(file, source);
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  return Object.values(module).filter((each) => each instanceof EntitySchema);
}

/** What an ORM with the pulled entities would still change: nothing, in the hypertables and in the tables. */
async function left(entities: EntitySchema[], options: Options = {}): Promise<[unknown[], string]> {
  const orm = db.orm(entities, {}, options);
  return [await timescale(orm.em).diff(), await pending(orm)];
}

/** What the pulled definition asks for. */
function desired(entities: EntitySchema[], table: string): HypertableState | undefined {
  return hypertableOf(db.orm(entities).schema.getTargetSchema().getTable(table));
}

async function pullFrom(orm: MikroORM, options?: PullOptions): Promise<string> {
  return timescale(orm.em).pull(options);
}

const everything = `
  SELECT add_dimension('reading', by_hash('device_id', 4));
  ALTER TABLE reading SET (
    timescaledb.enable_columnstore = true,
    timescaledb.segmentby = 'device_id',
    timescaledb.orderby = 'time ASC, temp DESC NULLS LAST',
    timescaledb.sparse_index = 'bloom(place), minmax(seq)'
  );
  SET timescaledb.enable_chunk_skipping = on;
  SELECT enable_chunk_skipping('reading', 'seq');
  SELECT enable_chunk_skipping('reading', 'noted_on');
  CALL add_columnstore_policy(
    'reading', after => interval '7 days',
    schedule_interval => interval '6 hours', initial_start => '2026-01-01 03:00Z', timezone => 'Europe/Berlin'
  );
  SELECT add_retention_policy(
    'reading', interval '1 month 7 days 12 hours',
    schedule_interval => interval '1 month', initial_start => '2026-02-01 04:30Z', timezone => 'America/New_York'
  );
  SELECT add_reorder_policy('reading', 'reading_pkey', initial_start => '2026-03-01Z', timezone => 'Asia/Kathmandu')`;

async function run(orm: MikroORM, statements: string): Promise<void> {
  for (const statement of statements.split(';')) if (statement.trim() !== '') await orm.em.execute(statement);
}

onSparseIndexes('a hypertable that no entity knows, with everything it has', async () => {
  const orm = db.orm([], {}, { pool: { min: 1, max: 1 } });
  await run(
    orm,
    `CREATE TABLE reading (
       time timestamptz NOT NULL, device_id int NOT NULL, temp float8, place text, seq bigint, noted_on date,
       PRIMARY KEY (time, device_id)
     );
     SELECT create_hypertable('reading', by_range('time', interval '1 day'));${everything}`,
  );
  const source = await pullFrom(orm);
  expect(source).toContain(`import { bloom, hash, hypertable, minmax } from`);
  const entities = await evaluate(source);
  expect(await left(entities)).toEqual([[], '']);
  const { ownIndexes, ...state } = (await stateInCatalog(orm, 'reading')) ?? {};
  expect(ownIndexes).toEqual(['reading_time_idx']);
  expect(state).toMatchObject({
    columnstore: { sparseIndexes: [{ kind: 'bloom' }, { kind: 'minmax' }], schedule: { timeZone: 'Europe/Berlin' } },
    chunkSkipping: ['noted_on', 'seq'],
    reorder: { schedule: { every: '12 hours', initialStart: '2026-03-01T00:00:00.000Z' } },
  });
  expect(desired(entities, 'reading')).toEqual(state);
});

onSparseIndexes('a schedule that is not fixed, a uuid that partitions, and no sparse index at all', async () => {
  const orm = db.orm([]);
  await run(
    orm,
    `CREATE TABLE event (id uuid PRIMARY KEY, name text);
     SELECT create_hypertable('event', by_range('id', interval '2 days'));
     ALTER TABLE event SET (
       timescaledb.enable_columnstore = true, timescaledb.segmentby = '', timescaledb.orderby = 'id',
       timescaledb.sparse_index = ''
     );
     CREATE TABLE log (at timestamptz PRIMARY KEY);
     SELECT create_hypertable('log', by_range('at', interval '1 day'));
     SELECT add_retention_policy('log', interval '1 year', timezone => 'Europe/Berlin')`,
  );
  const source = await pullFrom(orm);
  const entities = await evaluate(source);
  expect(await left(entities)).toEqual([[], '']);
  const { columnstore, by } = (await stateInCatalog(orm, 'event')) ?? {};
  expect(by).toEqual({ column: 'id', interval: '2 days', uuid: true });
  expect(columnstore).toMatchObject({ segmentBy: [], sparseIndexes: false, after: false });
  // What is not there stays unsaid, and so does a time zone without a start, which has no effect.
  expect(desired(entities, 'event')).toEqual({ by, columnstore: { ...columnstore, after: undefined } });
  expect((await stateInCatalog(orm, 'log'))?.retention).toMatchObject({ schedule: { timeZone: 'Europe/Berlin' } });
  expect(desired(entities, 'log')?.retention).toEqual({ dropAfter: '12 months', schedule: { every: '1 day' } });
});

test('columns of the common types, their defaults and keys, indexes and checks', async () => {
  const orm = db.orm([]);
  await run(
    orm,
    `CREATE TABLE samples (
       id bigint GENERATED BY DEFAULT AS IDENTITY, at timestamp(3) NOT NULL, n2 smallint DEFAULT 7, n4 serial,
       n8 bigint NOT NULL DEFAULT 12, f4 real, f8 double precision DEFAULT 1.5, ok boolean NOT NULL DEFAULT true,
       note text DEFAULT 'it''s', label varchar(40), free varchar, code char(3), day date DEFAULT '2026-01-01',
       clock time(3), seen timestamptz(6) DEFAULT now(), key uuid, doc jsonb DEFAULT '{"a": 1}', raw json,
       bin bytea, price numeric(12,4), any_number numeric, span interval, ip inet, tags text[], ints int[],
       twice double precision GENERATED ALWAYS AS (f8 * 2) STORED,
       CONSTRAINT warm CHECK (f8 > -273.15),
       PRIMARY KEY (id, at)
     );
     COMMENT ON TABLE samples IS 'what''s measured';
     COMMENT ON COLUMN samples.f8 IS 'degrees';
     SELECT create_hypertable('samples', by_range('at', interval '1 week'));
     CREATE INDEX samples_label ON samples (label, at DESC);
     CREATE INDEX samples_doc ON samples USING gin (doc);
     CREATE UNIQUE INDEX samples_key ON samples (key, at)`,
  );
  const entities = await evaluate(await pullFrom(orm));
  expect(await left(entities)).toEqual([[], '']);
  const [Samples] = entities;
  if (!Samples) throw new Error('It is not there.');
  // It is an entity to work with, not only a schema.
  const again = db.orm(entities);
  const em = again.em.fork();
  const row = em.create(
    Samples as EntitySchema<object>,
    { id: 1n, at: new Date('2026-01-01Z'), label: 'x', tags: ['a'] } as never,
  );
  await em.persist(row).flush();
  expect(await again.em.fork().find(Samples, {})).toMatchObject([{ label: 'x', ok: true, tags: ['a'] }]);
});

test('what cannot be said is in a comment', async () => {
  const orm = db.orm([]);
  await run(
    orm,
    `CREATE TABLE device (id int PRIMARY KEY);
     CREATE TABLE bare (time timestamptz NOT NULL, device_id int REFERENCES device, temp float8);
     SELECT create_hypertable('bare', by_range('time'));
     CREATE INDEX hot ON bare (time) WHERE temp > 30`,
  );
  const source = await pullFrom(orm);
  expect(source).toContain('// The table has no primary key, and an entity needs one.');
  expect(source).toContain(`// The index 'hot' is not here: add it by hand.`);
  expect(source).toContain(`// The foreign key 'bare_device_id_fkey' (device_id) to public.device is not here`);
  const [steps] = await left(await evaluate(source));
  expect(steps).toEqual([]);
});

onCommunity(
  'an integer that partitions, a second range, and a reorder by the index that TimescaleDB made',
  async () => {
    const orm = db.orm([]);
    await run(
      orm,
      `CREATE FUNCTION tick() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 1000::bigint';
     CREATE TABLE ticks (at bigint NOT NULL, day date NOT NULL, v int, PRIMARY KEY (at, day));
     SELECT create_hypertable('ticks', by_range('at', 100));
     SELECT add_dimension('ticks', by_range('day', interval '7 days'));
     SELECT set_integer_now_func('ticks', 'tick');
     SELECT add_retention_policy('ticks', 5000);
     SELECT add_reorder_policy('ticks', 'ticks_at_idx')`,
    );
    const source = await pullFrom(orm);
    expect(source).toContain(`integerNow: 'public.tick',\n  dimensions: [range('day', '7 days')],`);
    const options: Options = { schemaGenerator: { ignoreRoutines: true } };
    expect(await left(await evaluate(source), options)).toEqual([[], '']);
    await run(orm, 'DROP TABLE ticks; DROP FUNCTION tick');
  },
);

const known = `
  import { defineEntity, p } from '@mikro-orm/postgresql';
  export const Reading = defineEntity({
    name: 'Reading',
    schema: '*',
    properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double().nullable() },
  });`;

test('an entity that the ORM knows is named by its properties, whatever the columns are called', async () => {
  const Reading = defineEntity({
    name: 'Reading',
    schema: '*',
    properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double().nullable() },
  });
  const named: Options = { namingStrategy: AskingNames };
  const orm = db.orm([Reading as EntitySchema], {}, named);
  const schema = "Tom's";
  await orm.schema.create({ schema });
  await orm.schema.create({ schema: 'other' });
  const table = `"Tom''s"."Tom''s Reading?"`;
  await run(
    orm,
    `SELECT create_hypertable('${table}', by_range('select', interval '1 day'));
     SELECT add_dimension('${table}', by_hash('It''s DEVICEID', 3));
     SELECT create_hypertable('other."Tom''s Reading?"', by_range('select', interval '2 days'))`,
  );
  const source = await pullFrom(orm, { schema, entitiesFrom: './entities.ts' });
  expect(source).toBe(`import { hash, hypertable } from '@tidemark/mikro-orm-timescale';
import { Reading } from './entities.ts';

hypertable(Reading, {
  by: 'time',
  chunkInterval: '1 day',
  dimensions: [hash('deviceId', 3)],
});
`);
  const pulled = await evaluate(`${source}export { Reading };\n`, { 'entities.ts': known });
  const again = db.orm(pulled, {}, named);
  expect(await timescale(again.em).diff({ schema })).toEqual([]);
  expect(await timescale(again.em).diff({ schema: 'other' })).not.toEqual([]);
  // Of all tenants, those that differ are told of.
  const all = await pullFrom(orm);
  expect(all).toContain('// Import from where they are declared: [Reading]');
  expect(all.match(/^(\/\/ )?hypertable\(Reading/gm)).toEqual(['hypertable(Reading', '// hypertable(Reading']);
  expect(await pullFrom(orm, { schema: 'other', entity: Reading })).toContain(`chunkInterval: '2 days'`);
});

test('names that are no names in TypeScript, and the same name twice', async () => {
  const orm = db.orm([]);
  await run(
    orm,
    `CREATE SCHEMA "a b"; CREATE SCHEMA other;
     CREATE TABLE "a b"."1st It's ""?" ("the time" timestamptz NOT NULL, "The Time" int NOT NULL, "2" int, PRIMARY KEY ("the time", "The Time"))`.replaceAll(
      '""',
      '',
    ),
  );
  await run(
    orm,
    `SELECT create_hypertable('"a b"."1st It''s ?"', by_range('the time'));
     CREATE TABLE reading (time timestamptz PRIMARY KEY); SELECT create_hypertable('reading', by_range('time'));
     CREATE TABLE other.reading (time timestamptz PRIMARY KEY); SELECT create_hypertable('other.reading', by_range('time'))`,
  );
  const entities = await evaluate(await pullFrom(orm));
  expect(entities).toHaveLength(3);
  expect(await left(entities)).toEqual([[], '']);
  expect(await evaluate(await pullFrom(orm, { schema: 'other' }))).toHaveLength(1);
});

test('a column that the entity does not know is told of instead', async () => {
  const Reading = defineEntity({ name: 'Reading', properties: { time: p.datetime(6).primary() } });
  const orm = db.orm([Reading as EntitySchema]);
  await run(
    orm,
    `CREATE TABLE reading (time timestamptz, place int, PRIMARY KEY (time, place));
     SELECT create_hypertable('reading', by_range('time'));
     SELECT add_dimension('reading', by_hash('place', 2))`,
  );
  expect(await pullFrom(orm)).toContain(
    `// public.reading cannot be declared: Reading has no property for the column 'place'.`,
  );
});

test('where there is nothing to pull', async () => {
  const Reading = defineEntity({ name: 'Reading', properties: { time: p.datetime(6).primary() } });
  const orm = db.orm([Reading as EntitySchema]);
  expect(await pullFrom(orm)).toBe('// There is no hypertable.\n');
  await expect(pullFrom(orm, { entity: Reading })).rejects.toThrow(NotThere);
  await orm.em.execute('DROP EXTENSION timescaledb CASCADE');
  await expect(pullFrom(db.orm([]))).rejects.toThrow(NoTimescale);
  await db.stop();
  await db.start();
});
