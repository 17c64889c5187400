import { AbstractNamingStrategy, defineEntity, p, type MikroORM } from '@mikro-orm/postgresql';
import { hash, hypertable, timescale, type HypertableOptions } from '../src/index.ts';
import { withColumnNames, type HypertableState } from '../src/state/hypertable-state.ts';
import { stateInCatalog, TestDatabase } from './database.ts';

// Pairs of a before and an after model, in an order drawn from the seed, for as long as the time allows; on a slow
// machine longer, until each option has been through all changes of its values.
const seed = Number(process.env['MATRIX_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const limitMs = Number(process.env['MATRIX_SECONDS'] ?? 60) * 1000;

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());

type Options = Omit<HypertableOptions<'time' | 'deviceId' | 'temp' | 'place'>, 'by' | 'integerNow'>;

/** Each option absent, set, set to something else, and `false` where there is such a thing. */
const choices: { [Option in keyof Options]-?: Options[Option][] } = {
  chunkInterval: [undefined, '1 day', '10 days'],
  dimensions: [undefined, [hash('deviceId', 2)], [hash('deviceId', 3)]],
  columnstore: [
    undefined,
    false,
    {},
    { segmentBy: ['deviceId'], after: '7 days' },
    { segmentBy: ['place', 'deviceId'], orderBy: { temp: 'desc nulls last', time: 'asc' }, after: '1 month' },
    { segmentBy: [], orderBy: { temp: 'asc' }, after: false },
  ],
  retention: [undefined, false, { dropAfter: '30 years' }, { dropAfter: '40 years' }],
  reorder: [undefined, false, { index: 'by place' }, { index: 'by_device' }],
};

/** What a pair is tried with. */
interface Setting {
  columnType: 'timestamptz(6)' | 'timestamp(6)' | 'date';
  /** Where they differ, every column gets another name on the way. */
  names: { before: Names; after: Names };
  /** Compared with what a snapshot knows of the before model, instead of with the database. */
  offline: boolean;
  /** The chunks are in the columnstore, where there is one. */
  compressed: boolean;
}
type Names = 'usual' | 'odd';
type Model = 'ordinary' | Options;

/** Renames every column. */
class OddNames extends AbstractNamingStrategy {
  classToTableName(name: string): string {
    return name;
  }
  joinColumnName(name: string): string {
    return name;
  }
  joinTableName(source: string, target: string): string {
    return source + target;
  }
  joinKeyColumnName(name: string): string {
    return name;
  }
  propertyToColumnName(name: string): string {
    return `The ${name}'s`;
  }
  referenceColumnName(): string {
    return 'id';
  }
}

test(
  'a migration from any model to any other gives what the other gives by itself, and keeps every row',
  async () => {
    console.info(`MATRIX_SEED=${seed} repeats this matrix`);
    const random = generator(seed);
    const end = Date.now() + limitMs;
    let pairs = 0;
    const decks = makeDecks(random);
    const atLeast = Math.max(...Object.values(decks).map(({ pairs }) => pairs.length));
    while (Date.now() < end || pairs < atLeast) {
      const { before, after } = drawPair(decks, random);
      const setting: Setting = {
        columnType: oneOf(['timestamptz(6)', 'timestamp(6)', 'date'], random),
        names: { before: oneOf(['usual', 'odd'], random), after: oneOf(['usual', 'odd'], random) },
        offline: random() < 0.5,
        compressed: random() < 0.7,
      };
      try {
        await tryPair(before, after, setting);
      } catch (cause) {
        const pair = { seed, setting, before, after };
        throw new Error(`pair ${pairs}: ${JSON.stringify(pair, null, 1)}`, { cause });
      }
      pairs++;
    }
    console.info(`${pairs} pairs of models`);
  },
  limitMs + 120_000,
);

async function tryPair(before: Model, after: Model, setting: Setting): Promise<void> {
  await db.empty();
  const first = ormOf(before, setting, 'before', 'migrated');
  await first.schema.create();
  const was = await stateInCatalog(first, 'reading', 'migrated');
  await insertReadings(first);
  if (was?.columnstore && setting.compressed) await compressChunks(first);

  const orm = ormOf(after, setting, 'after', 'migrated');
  const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({
    wrap: false,
    ...(setting.offline && { fromSchema: first.schema.getTargetSchema() }),
  });
  await run(orm, up);
  const is = await stateInCatalog(orm, 'reading', 'migrated');
  expect(is).toEqual(overlay(renamed(was, setting), await freshState(after, setting), after));
  expect(await timescale(orm.em).diff()).toEqual([]);
  expect((await orm.schema.getUpdateSchemaSQL({ wrap: false })).trim()).toBe('');
  await expectAllReadings(orm);

  await run(orm, down);
  await expectAllReadings(first);
  await orm.schema.update();
  expect(await stateInCatalog(orm, 'reading', 'migrated')).toEqual(is);
  await expectAllReadings(orm);
}

function ormOf(model: Model, { columnType, names }: Setting, when: 'before' | 'after', schema: string): MikroORM {
  const Reading = defineEntity({
    name: 'Reading',
    tableName: 'reading',
    properties: {
      time: p.datetime().columnType(columnType).primary(),
      deviceId: p.integer().primary(),
      temp: p.double().nullable(),
      place: p.string().nullable(),
    },
    indexes: [
      { name: 'by place', properties: ['place', 'time'] },
      { name: 'by_device', properties: ['deviceId', 'time'] },
    ],
  });
  if (model !== 'ordinary') hypertable(Reading, { by: 'time', ...model });
  return db.orm(
    [Reading],
    { allowDestructive: true },
    { schema, ...(names[when] === 'odd' && { namingStrategy: OddNames }) },
  );
}

/** As a database of its own would have it that was created from the model. */
async function freshState(model: Model, setting: Setting): Promise<HypertableState | undefined> {
  const orm = ormOf(model, setting, 'after', 'fresh');
  await orm.schema.create();
  const state = await stateInCatalog(orm, 'reading', 'fresh');
  await orm.em.execute('DROP SCHEMA fresh CASCADE');
  return state;
}

function renamed(was: HypertableState | undefined, { names }: Setting): HypertableState | undefined {
  if (!was || names.before === names.after) return was;
  const usual = ['time', 'device_id', 'temp', 'place'];
  const odd = ["The time's", "The deviceId's", "The temp's", "The place's"];
  const [from, to] = names.before === 'usual' ? [usual, odd] : [odd, usual];
  return withColumnNames(was, new Map(from.map((column, at) => [column, to[at] ?? ''])));
}

/** What the model says comes from it, what it leaves unsaid stays as it was. */
function overlay(
  was: HypertableState | undefined,
  fresh: HypertableState | undefined,
  model: Model,
): HypertableState | undefined {
  if (model === 'ordinary' || !was || !fresh) return fresh ?? was;
  const { chunkInterval, dimensions, columnstore, retention, reorder } = model;
  const state: HypertableState = {
    ...was,
    ...(chunkInterval !== undefined && { by: fresh.by }),
    ...(dimensions !== undefined && { dimensions: fresh.dimensions ?? [] }),
    ...(retention !== undefined && { retention: fresh.retention ?? false }),
    ...(reorder !== undefined && { reorder: fresh.reorder ?? false }),
  };
  if (columnstore === undefined) return state;
  if (!was.columnstore || !fresh.columnstore) return { ...state, columnstore: fresh.columnstore ?? false };
  const { segmentBy, orderBy, after } = fresh.columnstore;
  return {
    ...state,
    columnstore: {
      ...was.columnstore,
      ...(columnstore !== false && columnstore.segmentBy && segmentBy && { segmentBy }),
      ...(columnstore !== false && columnstore.orderBy && orderBy && { orderBy }),
      ...(columnstore !== false && columnstore.after !== undefined && after !== undefined && { after }),
    },
  };
}

async function insertReadings(orm: MikroORM): Promise<void> {
  await orm.em.execute(`
    INSERT INTO migrated.reading (${columns(orm)})
    SELECT timestamptz '2026-01-01' + i * interval '12 hours', i % 5, i, 'place ' || i % 3
    FROM generate_series(1, 60) AS i`);
}

async function expectAllReadings(orm: MikroORM): Promise<void> {
  const [found] = await orm.em.execute<object[]>(`
    SELECT count(*)::int AS rows, sum(temp) AS temps, count(DISTINCT (time, device, place))::int AS keys
    FROM (SELECT ${columns(orm)} FROM migrated.reading) AS reading (time, device, temp, place)`);
  expect(found).toEqual({ rows: 60, temps: 1830, keys: 60 });
}

function columns(orm: MikroORM): string {
  const [meta] = orm.getMetadata().getAll().values();
  const { time, deviceId, temp, place } = meta?.properties as Record<string, { fieldNames: string[] }>;
  return [time, deviceId, temp, place].map((property) => `"${property?.fieldNames[0] ?? ''}"`).join(', ');
}

async function compressChunks(orm: MikroORM): Promise<void> {
  await orm.em.execute(`SELECT compress_chunk(chunk) FROM show_chunks('migrated.reading') AS chunk`);
}

/** One statement after the other, as the Migrator does. */
async function run(orm: MikroORM, sql: string): Promise<void> {
  await orm.em.transactional(async (em) => {
    for (const line of sql.split('\n')) if (line.trim() !== '') await em.execute(line);
  });
}

type Decks = Record<string, { pairs: [unknown, unknown][]; at: number }>;

/** For each option all its pairs of values, shuffled: each is met before one is met again. */
function makeDecks(random: () => number): Decks {
  return Object.fromEntries(
    Object.entries(choices).map(([option, values]) => {
      const pairs = values.flatMap((before) => values.map((after): [unknown, unknown] => [before, after]));
      const keyed = pairs.map((pair) => ({ pair, key: random() })).sort((a, b) => a.key - b.key);
      return [option, { pairs: keyed.map(({ pair }) => pair), at: 0 }];
    }),
  );
}

function drawPair(decks: Decks, random: () => number): { before: Model; after: Model } {
  const [before, after]: Record<string, unknown>[] = [{}, {}];
  for (const [option, deck] of Object.entries(decks)) {
    const [from, to] = deck.pairs[deck.at++ % deck.pairs.length] ?? [];
    if (from !== undefined && before) before[option] = from;
    if (to !== undefined && after) after[option] = to;
  }
  const modelOf = (options: unknown): Model => (random() < 0.05 ? 'ordinary' : (options as Options));
  return { before: modelOf(before), after: modelOf(after) };
}

function oneOf<const T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** mulberry32 */
function generator(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
