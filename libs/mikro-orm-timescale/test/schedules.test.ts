import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable, timescale, type HypertableOptions, type PolicySchedule } from '../src/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity as test } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = { time: p.datetime(6).primary(), deviceId: p.integer().primary() };
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

async function jobs(): Promise<unknown> {
  return db.orm([]).em.execute('SELECT id, config FROM _timescaledb_config.bgw_job WHERE id >= 1000 ORDER BY id');
}

const nightly = { every: '1 day', initialStart: new Date('2026-01-01T03:00Z'), timeZone: 'Europe/Berlin' } as const;
const nightlyState = { every: '1 day', initialStart: '2026-01-01T03:00:00.000Z', timeZone: 'Europe/Berlin' };

describe.each<[string, (schedule: PolicySchedule, other?: boolean) => Options, string]>([
  [
    'retention',
    (schedule, other) => ({ retention: { dropAfter: other ? '30 years' : '20 years', ...schedule } }),
    'retention',
  ],
  [
    'columnstore',
    (schedule, other) => ({ columnstore: { after: other ? '7 days' : '14 days', ...schedule } }),
    'columnstore',
  ],
  [
    'reorder',
    (schedule, other) => ({ reorder: { index: other ? 'reading_pkey' : 'reading_pkey', ...schedule } }),
    'reorder',
  ],
])('the schedule of %s', (_name, options, key) => {
  const scheduleIn = async (given: Options): Promise<unknown> =>
    ((await apply(given)) as Record<string, { schedule: unknown }>)[key]?.schedule;

  test('is set with a new policy, changed in part and in place, and left alone when not mentioned', async () => {
    expect(await scheduleIn(options(nightly))).toEqual(nightlyState);
    const before = await jobs();
    expect(await scheduleIn(options({ every: '1 month' }))).toEqual({ ...nightlyState, every: '1 month' });
    expect(await scheduleIn(options({ initialStart: new Date('2026-02-01T03:00Z') }))).toEqual({
      ...nightlyState,
      every: '1 month',
      initialStart: '2026-02-01T03:00:00.000Z',
    });
    expect(await scheduleIn(options({ timeZone: false }))).toMatchObject({ timeZone: false });
    const floating = { every: '2 days', initialStart: false, timeZone: false };
    expect(await scheduleIn(options({ every: { days: 2 }, initialStart: false }))).toEqual(floating);
    expect(await scheduleIn(options({}))).toEqual(floating);
    expect(await jobs()).toEqual(before);
  });

  test('stays when the policy itself changes', async () => {
    await apply(options(nightly));
    expect(await scheduleIn(options({}, true))).toEqual(nightlyState);
  });
});

test('what a down brings back has its schedule', async () => {
  const before = await apply({
    columnstore: { after: '7 days', ...nightly },
    reorder: { index: 'reading_pkey', every: '5 days' },
  });
  for (const options of [
    { columnstore: false, reorder: false },
    { columnstore: { after: false }, reorder: false },
    {
      columnstore: { after: '7 days', every: '2 days', initialStart: false, timeZone: false },
      reorder: { index: 'reading_pkey', ...nightly },
    },
  ] satisfies Options[]) {
    const orm = db.orm([reading(options)]);
    const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
    await orm.schema.execute(up);
    expect(await pending(orm)).toBe('');
    await orm.schema.execute(down);
    expect(await stateInCatalog(orm, 'reading')).toMatchObject(before as object);
  }
});

test('a snapshot that knows nothing of schedules gives a migration that sets them', async () => {
  await apply({ reorder: { index: 'reading_pkey' } });
  const unknowing = db.orm([reading({})]);
  const orm = db.orm([reading({ reorder: { index: 'reading_pkey', ...nightly } })]);
  await orm.schema.execute(
    await orm.schema.getUpdateSchemaSQL({ wrap: false, fromSchema: unknowing.schema.getTargetSchema() }),
  );
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({ reorder: { schedule: nightlyState } });
});

test('another schedule is safe, also where the policy drops rows', async () => {
  const orm = db.orm([reading({ retention: { dropAfter: '1 year' } })]);
  await orm.schema.create();
  const changed = db.orm([reading({ retention: { dropAfter: '1 year', every: '3 hours' } })]);
  expect(await timescale(changed.em).diff()).toMatchObject([{ safety: 'safe' }]);
});
