import { AbstractNamingStrategy, defineEntity, p, type EntitySchema, type MikroORM } from '@mikro-orm/postgresql';
import { readAggregates } from '../src/catalog/read-aggregates.ts';
import {
  avg,
  bloom,
  continuousAggregate,
  count,
  hash,
  hypertable,
  minmax,
  timescale,
  type ContinuousAggregateOptions,
  type HypertableOptions,
  type PolicySchedule,
} from '../src/index.ts';
import type { AggregateState, RefreshState } from '../src/state/aggregate-state.ts';
import { withColumnNames, type ColumnstoreState, type HypertableState } from '../src/state/hypertable-state.ts';
import type { ScheduleState } from '../src/state/schedule-state.ts';
import { aggregatesInCatalog, stateInCatalog, TestDatabase } from './database.ts';
import { hasVersion, server } from './server.ts';
import { dice, type Dice } from './random.ts';

// Pairs of a before and an after model, in an order drawn from the seed, for as long as the time allows; on a slow
// machine longer, until each option has been through all changes of its values.
const seed = Number(process.env['MATRIX_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const limitMs = Number(process.env['MATRIX_SECONDS'] ?? 60) * 1000;

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());

type Properties = 'time' | 'deviceId' | 'temp' | 'place' | 'seq' | 'noted';
type Options = Omit<HypertableOptions<Properties>, 'by' | 'integerNow'> & { aggregate?: false | DailyOptions };
type DailyOptions = { of: 'temps' | 'places' } & Omit<
  ContinuousAggregateOptions<Properties, 'time', never, never, 'bucket' | 'deviceId' | 'value'>,
  'bucket' | 'groupBy' | 'select'
>;

const hasSparseIndexes = hasVersion('2.22');

/** Each option absent, set, set to something else, and `false` where there is such a thing. */
const choicesOfCommunity: { [Option in keyof Options]-?: Options[Option][] } = {
  chunkInterval: [undefined, '1 day', '10 days'],
  dimensions: [undefined, [hash('deviceId', 2)], [hash('deviceId', 3)]],
  columnstore: [
    undefined,
    false,
    {},
    { segmentBy: ['deviceId'], after: '7 days' },
    {
      segmentBy: ['place', 'deviceId'],
      orderBy: { temp: 'desc nulls last', time: 'asc' },
      ...(hasSparseIndexes && { sparseIndexes: false }),
      after: '1 month',
      every: '3 days',
    },
    { segmentBy: [], orderBy: { temp: 'asc' }, after: false },
    {
      segmentBy: ['deviceId'],
      orderBy: { time: 'asc' },
      ...(hasSparseIndexes && { sparseIndexes: [bloom('place'), minmax('temp')] }),
      after: '7 days',
      every: '2 days',
      initialStart: new Date('2026-01-01T03:00Z'),
      timeZone: 'Europe/Berlin',
    },
  ],
  chunkSkipping: [undefined, false, ['seq'], ['noted', 'seq']],
  retention: [
    undefined,
    false,
    { dropAfter: '30 years', every: '2 days' },
    { dropAfter: '40 years', initialStart: new Date('2026-01-01T03:00Z'), timeZone: 'Europe/Berlin' },
  ],
  reorder: [undefined, false, { index: 'by place', every: '3 days' }, { index: 'by_device', initialStart: false }],
  aggregate: [
    undefined,
    false,
    { of: 'temps' },
    {
      of: 'temps',
      realtime: true,
      chunkInterval: '50 days',
      refresh: { start: '10 days', end: '1 day', every: '1 hour', bucketsPerBatch: 5 },
      columnstore: { segmentBy: ['deviceId'], after: '30 days' },
      retention: { dropAfter: '50 years' },
      indexes: [{ value: 'asc', bucket: 'desc' }],
    },
    {
      of: 'temps',
      realtime: false,
      refresh: {
        start: '20 days',
        end: null,
        every: '1 day',
        initialStart: new Date('2026-01-01Z'),
        timeZone: 'Europe/Berlin',
      },
      columnstore: { orderBy: { value: 'desc' }, after: false },
      retention: false,
      indexes: [],
    },
    { of: 'temps', refresh: false, columnstore: false },
    { of: 'places', realtime: true, refresh: { start: '10 days', end: null, every: '1 hour' } },
  ],
};

/** What the Apache edition has, and that it has nothing of the rest. */
const choicesOfApache: typeof choicesOfCommunity = {
  chunkInterval: choicesOfCommunity.chunkInterval,
  dimensions: choicesOfCommunity.dimensions,
  columnstore: [undefined, false],
  chunkSkipping: [undefined, false],
  retention: [undefined, false],
  reorder: [undefined, false],
  aggregate: [undefined, false],
};

const isCommunity = server.edition === 'community';
const choices = isCommunity ? choicesOfCommunity : choicesOfApache;

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
    const random = dice(seed);
    const end = Date.now() + limitMs;
    let pairs = 0;
    const decks = makeDecks(random);
    const atLeast = Math.max(isCommunity ? 150 : 20, ...Object.values(decks).map(({ pairs }) => pairs.length));
    while (Date.now() < end || pairs < atLeast) {
      const { before, after } = drawPair(decks, random);
      const setting: Setting = {
        columnType: random.oneOf(['timestamptz(6)', 'timestamp(6)', 'date'] as const),
        names: { before: random.oneOf(['usual', 'odd'] as const), after: random.oneOf(['usual', 'odd'] as const) },
        // A migration from a snapshot is made for a server that has everything.
        offline: random.fraction() < 0.5 && isCommunity,
        compressed: random.fraction() < 0.7,
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
  limitMs + 1_800_000,
);

async function tryPair(before: Model, after: Model, setting: Setting): Promise<void> {
  await db.empty();
  const first = ormOf(before, setting, 'before', 'migrated');
  await first.schema.create();
  const was = await stateInCatalog(first, 'reading', 'migrated');
  const [aggregateWas] = await aggregatesInCatalog(first);
  await insertReadings(first);
  if (was?.columnstore && setting.compressed) await compressChunks(first, 'migrated.reading');
  if (aggregateWas) await first.em.execute(`CALL refresh_continuous_aggregate('migrated.daily', NULL, NULL)`);
  if (aggregateWas?.columnstore && setting.compressed) await compressChunks(first, 'migrated.daily');
  const buckets = await countBuckets(first);

  const orm = ormOf(after, setting, 'after', 'migrated');
  const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({
    wrap: false,
    ...(setting.offline && { fromSchema: first.schema.getTargetSchema() }),
  });
  await run(orm, up);
  const is = await stateInCatalog(orm, 'reading', 'migrated');
  expect(is).toEqual(overlay(renamed(was, setting), await freshState(after, setting), after, is));
  const aggregate = (await aggregatesInCatalog(orm))[0];
  const fresh = await freshAggregate(after, setting);
  const wanted = comparable(overlayAggregate(aggregateWas, fresh, { before, after }, setting));
  if (wanted) expect(comparable(aggregate)).toMatchObject(wanted);
  else expect(aggregate).toBeUndefined();
  if (isKept(before, after, setting) && aggregateWas) expect(await countBuckets(orm)).toBe(buckets);
  expect(await timescale(orm.em).diff()).toEqual([]);
  expect((await orm.schema.getUpdateSchemaSQL({ wrap: false })).trim()).toBe('');
  await expectAllReadings(orm);

  await run(orm, down);
  await expectAllReadings(first);
  await orm.schema.update();
  expect(await stateInCatalog(orm, 'reading', 'migrated')).toEqual(is);
  const again = (await aggregatesInCatalog(orm))[0];
  expect(comparable(saidOf(again, after))).toEqual(comparable(saidOf(aggregate, after)));
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
      seq: p.bigint().nullable(),
      noted: p.date().nullable(),
    },
    indexes: [
      { name: 'by place', properties: ['place', 'time'] },
      { name: 'by_device', properties: ['deviceId', 'time'] },
    ],
  });
  const aggregates: EntitySchema[] = [];
  if (model !== 'ordinary') {
    const { aggregate, ...options } = model;
    hypertable(Reading, { by: 'time', ...options });
    if (aggregate) aggregates.push(daily(Reading, aggregate));
    if (aggregate === false) continuousAggregate('Daily', Reading, false, { viewName: 'daily' });
  }
  return db.orm(
    [Reading, ...aggregates],
    { allowDestructive: true },
    { schema, ...(names[when] === 'odd' && { namingStrategy: OddNames }) },
  );
}

function daily(Reading: Pick<EntitySchema, 'meta'>, { of, ...settings }: DailyOptions): EntitySchema {
  const source = Reading as EntitySchema<{ time: Date; deviceId: number; temp: number; place: string }>;
  return continuousAggregate('Daily', source, {
    viewName: 'daily',
    bucket: ['1 day', 'time'],
    groupBy: ['deviceId'],
    select: { value: of === 'temps' ? avg('temp') : count('place') },
    ...settings,
  });
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
  const usual = ['time', 'device_id', 'temp', 'place', 'seq', 'noted'];
  const odd = ["The time's", "The deviceId's", "The temp's", "The place's", "The seq's", "The noted's"];
  const [from, to] = names.before === 'usual' ? [usual, odd] : [odd, usual];
  const state = withColumnNames(was, new Map(from.map((column, at) => [column, to[at] ?? ''])));
  return { ...state, chunkSkipping: state.chunkSkipping ? state.chunkSkipping.sort() : false };
}

/** What the model says comes from it, what it leaves unsaid stays as it was. */
function overlay(
  was: HypertableState | undefined,
  fresh: HypertableState | undefined,
  model: Model,
  is: HypertableState | undefined,
): HypertableState | undefined {
  if (model === 'ordinary' || !was || !fresh) return fresh ?? was;
  const { chunkInterval, dimensions, columnstore, chunkSkipping, retention, reorder } = model;
  const state: HypertableState = {
    ...was,
    ...(chunkInterval !== undefined && { by: fresh.by }),
    ...(dimensions !== undefined && { dimensions: fresh.dimensions ?? [] }),
    ...(chunkSkipping !== undefined && { chunkSkipping: fresh.chunkSkipping ?? false }),
    ...(retention !== undefined && {
      retention: overlayPolicy(was.retention, fresh.retention, retention, is?.retention),
    }),
    ...(reorder !== undefined && { reorder: overlayPolicy(was.reorder, fresh.reorder, reorder, is?.reorder) }),
  };
  if (columnstore === undefined) return state;
  if (!was.columnstore || !fresh.columnstore || !columnstore) {
    return { ...state, columnstore: overlayPolicy(false, fresh.columnstore, columnstore, is?.columnstore) };
  }
  const { segmentBy, orderBy, sparseIndexes, after } = fresh.columnstore;
  const settings: typeof was.columnstore = {
    ...was.columnstore,
    ...(columnstore.segmentBy && segmentBy && { segmentBy }),
    ...(columnstore.orderBy && orderBy && { orderBy }),
    ...(columnstore.sparseIndexes !== undefined && sparseIndexes !== undefined && { sparseIndexes }),
  };
  if (columnstore.after === undefined || after === undefined) return { ...state, columnstore: settings };
  delete settings.schedule;
  const policy = overlayPolicy(
    was.columnstore.after ? was.columnstore : false,
    after !== false && { after, schedule: fresh.columnstore.schedule ?? {} },
    columnstore,
    is?.columnstore,
  );
  return { ...state, columnstore: { ...settings, ...(policy ? policy : { after }) } };
}

/** How often TimescaleDB lets a new policy run depends on the chunk interval, which need not be that of a fresh table. */
function overlayPolicy<Policy extends { schedule?: ScheduleState }>(
  was: false | { schedule?: ScheduleState } | undefined,
  fresh: false | Policy | undefined,
  options: false | PolicySchedule | undefined,
  is: false | { schedule?: ScheduleState } | undefined,
): false | Policy {
  if (!fresh) return false;
  if (!fresh.schedule) return fresh;
  const { every, initialStart, timeZone } = options || {};
  const rest = (was && was.schedule) || {
    ...fresh.schedule,
    ...(is && is.schedule?.every !== undefined && { every: is.schedule.every }),
  };
  return {
    ...fresh,
    schedule: {
      ...rest,
      ...(every !== undefined && { every: fresh.schedule.every }),
      ...(initialStart !== undefined && { initialStart: fresh.schedule.initialStart }),
      ...(timeZone !== undefined && { timeZone: fresh.schedule.timeZone }),
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

async function compressChunks(orm: MikroORM, table: string): Promise<void> {
  await orm.em.execute(`SELECT compress_chunk(chunk) FROM show_chunks('${table}') AS chunk`);
}

async function freshAggregate(model: Model, setting: Setting): Promise<AggregateState | undefined> {
  const orm = ormOf(model, setting, 'after', 'fresh');
  await orm.schema.create();
  const found = await readAggregates(orm.em.getDriver().getConnection());
  await orm.em.execute('DROP SCHEMA fresh CASCADE');
  return found.find(({ schema }) => schema === 'fresh')?.state;
}

/** Whether the aggregate that was there before is there afterwards, and not one made anew. */
function isKept(before: Model, after: Model, { names }: Setting): boolean {
  if (after !== 'ordinary' && after.aggregate && names.before !== names.after) return false;
  const [was, is] = [before, after].map((model) => (model === 'ordinary' ? undefined : model.aggregate));
  return Boolean(was) && (is === undefined || (is !== false && was !== false && was?.of === is.of));
}

function overlayAggregate(
  was: AggregateState | undefined,
  fresh: AggregateState | undefined,
  { before, after }: { before: Model; after: Model },
  setting: Setting,
): AggregateState | undefined {
  const wanted = after === 'ordinary' ? undefined : after.aggregate;
  if (wanted === undefined) return was;
  if (wanted === false || !fresh) return undefined;
  if (!was) return withoutDefault(fresh, wanted.chunkInterval !== undefined);
  // A snapshot knows of an aggregate that is made anew what its model said.
  const said = before === 'ordinary' || !before.aggregate ? {} : before.aggregate;
  const isSame = isKept(before, after, setting);
  const known: Partial<AggregateState> = Object.fromEntries(
    Object.entries(withoutNames(was, setting)).filter(([option]) => isSame || !setting.offline || option in said),
  );
  const set = Object.fromEntries(Object.entries(fresh).filter(([option]) => option in wanted || option === 'query'));
  const { columnstore } = wanted;
  const parts =
    columnstore && known.columnstore && fresh.columnstore
      ? { columnstore: overlayColumnstore(known.columnstore, fresh.columnstore, columnstore) }
      : {};
  const isKnown = wanted.chunkInterval !== undefined || known.chunkInterval !== undefined;
  const { refresh } = wanted;
  const refreshed =
    refresh && known.refresh && fresh.refresh ? { refresh: overlayRefresh(known.refresh, fresh.refresh, refresh) } : {};
  return withoutDefault({ ...fresh, ...known, ...set, ...parts, ...refreshed }, isKnown);
}

function overlayRefresh(
  known: RefreshState,
  fresh: RefreshState,
  wanted: Exclude<DailyOptions['refresh'], false | undefined>,
): RefreshState {
  const { every, initialStart, timeZone } = fresh.schedule;
  const schedule = {
    ...known.schedule,
    every,
    ...(wanted.initialStart !== undefined && initialStart !== undefined && { initialStart }),
    ...(wanted.timeZone !== undefined && timeZone !== undefined && { timeZone }),
  };
  return { ...known, ...fresh, schedule };
}

function overlayColumnstore(
  known: ColumnstoreState,
  fresh: ColumnstoreState,
  wanted: Exclude<DailyOptions['columnstore'], false | undefined>,
): ColumnstoreState {
  const { schedule, ...settings } = {
    ...fresh,
    ...known,
    ...(wanted.segmentBy && { segmentBy: fresh.segmentBy ?? [] }),
    ...(wanted.orderBy && { orderBy: fresh.orderBy ?? [] }),
    ...(wanted.after !== undefined && { after: fresh.after ?? false }),
  };
  return { ...settings, ...(settings.after && schedule && { schedule }) };
}

/** By default the chunks have ten times the interval of the hypertable's, whatever that is by now. */
function withoutDefault({ chunkInterval, ...rest }: AggregateState, isKnown: boolean): AggregateState {
  return { ...rest, ...(isKnown && chunkInterval !== undefined && { chunkInterval }) };
}

/** What of it can be said under other names. */
function withoutNames(was: AggregateState, { names }: Setting): AggregateState {
  if (names.before === names.after) return was;
  const { columnstore, indexes = [], ...rest } = was;
  return {
    ...rest,
    ...(columnstore !== undefined && { columnstore: columnstore && { after: columnstore.after ?? false } }),
    ...(indexes.length === 0 && { indexes }),
  };
}

/** What the model speaks of: the rest of one made anew comes from whichever was there before. */
function saidOf(state: AggregateState | undefined, model: Model): AggregateState | undefined {
  const wanted = model !== 'ordinary' && model.aggregate;
  if (!state || !wanted) return state;
  const said = Object.entries(state).filter(([option]) => option in wanted && option !== 'columnstore');
  return { ...(Object.fromEntries(said) as Partial<AggregateState>), view: '', source: '', query: state.query };
}

/** Without the names of the schema and of the columns, which differ from one model to the other. */
function comparable(state: AggregateState | undefined): object | undefined {
  if (!state) return undefined;
  const spelled = 'spelled' in state.query ? state.query.spelled : '';
  return { ...state, query: /avg\(/.test(spelled) ? 'temps' : 'places' };
}

/** Materialized ones. */
async function countBuckets(orm: MikroORM): Promise<number> {
  const [view] = await orm.em.execute<{ name: string }[]>(`
    SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) AS name
    FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'migrated'`);
  if (!view) return 0;
  const [row] = await orm.em.execute<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${view.name}`);
  return row?.n ?? 0;
}

/** One statement after the other, as the Migrator does. */
async function run(orm: MikroORM, sql: string): Promise<void> {
  await orm.em.transactional(async (em) => {
    for (const line of sql.split('\n')) if (line.trim() !== '') await em.execute(line);
  });
}

type Decks = Record<string, { pairs: [unknown, unknown][]; at: number }>;

/** For each option all its pairs of values, shuffled: each is met before one is met again. */
function makeDecks(random: Dice): Decks {
  return Object.fromEntries(
    Object.entries(choices).map(([option, values]) => {
      const pairs = values.flatMap((before) => values.map((after): [unknown, unknown] => [before, after]));
      const keyed = pairs.map((pair) => ({ pair, key: random.fraction() })).sort((a, b) => a.key - b.key);
      return [option, { pairs: keyed.map(({ pair }) => pair), at: 0 }];
    }),
  );
}

function drawPair(decks: Decks, random: Dice): { before: Model; after: Model } {
  const [before, after]: Record<string, unknown>[] = [{}, {}];
  for (const [option, deck] of Object.entries(decks)) {
    const [from, to] = deck.pairs[deck.at++ % deck.pairs.length] ?? [];
    if (from !== undefined && before) before[option] = from;
    if (to !== undefined && after) after[option] = to;
  }
  const modelOf = (options: unknown): Model => (random.fraction() < 0.05 ? 'ordinary' : (options as Options));
  return { before: modelOf(before), after: modelOf(after) };
}
