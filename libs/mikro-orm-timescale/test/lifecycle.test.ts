import { defineEntity, p, type MikroORM } from '@mikro-orm/postgresql';
import {
  DestructiveChange,
  hash,
  hypertable,
  ImpossibleChange,
  InvalidHypertable,
  range,
  timescale,
  type HypertableOptions,
  type TimescaleSettings,
} from '../src/index.ts';
import { pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity, onlyCommunity } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const properties = {
  time: p.datetime(6).primary(),
  deviceId: p.integer().primary(),
  temp: p.double().nullable(),
  place: p.string().nullable(),
};
type Options = HypertableOptions<keyof typeof properties>;

/** An ORM whose model has the readings as this hypertable, or as an ordinary table. */
function model(options: Omit<Options, 'by'> | 'ordinary', settings?: TimescaleSettings): MikroORM {
  const Reading = defineEntity({
    name: 'Reading',
    properties,
    indexes: [{ name: 'by_device', properties: ['deviceId', 'time'] }],
  });
  if (options !== 'ordinary') hypertable(Reading, { by: 'time', ...options });
  return db.orm([Reading], settings);
}

/** Brings the database to the model, asks whether they agree, and says what the catalog has. */
async function apply(options: Omit<Options, 'by'>, settings?: TimescaleSettings): Promise<unknown> {
  const orm = model(options, settings);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await timescale(orm.em).diff()).toEqual([]);
  return stateInCatalog(orm, 'reading');
}

/** 200 rows, every six hours from 2026 on, of five devices. */
async function insertReadings(): Promise<void> {
  const orm = db.orm([]);
  await orm.em.execute(`
    INSERT INTO reading (time, device_id, temp)
    SELECT timestamptz '2026-01-01' + i * interval '6 hours', i % 5, i FROM generate_series(1, 200) AS i`);
}

async function countReadings(): Promise<number> {
  const orm = db.orm([]);
  const [row] = await orm.em.execute<{ n: number }[]>('SELECT count(*)::int AS n FROM reading WHERE temp > 0');
  return row?.n ?? 0;
}

async function compressAll(): Promise<void> {
  const orm = db.orm([]);
  await orm.em.execute(`SELECT compress_chunk(chunk, if_not_compressed => true) FROM show_chunks('reading') AS chunk`);
}

const plain = {
  by: { column: 'time', interval: '7 days' },
  dimensions: [],
  columnstore: false,
  chunkSkipping: false,
  retention: false,
  reorder: false,
};

test('nothing but the time column gives what TimescaleDB does by default, and no index of its own', async () => {
  expect(await apply({})).toEqual(plain);
});

test('the chunk interval is set, changed for chunks to come, and left alone when it is no longer mentioned', async () => {
  expect(await apply({ chunkInterval: '1 day' })).toMatchObject({ by: { interval: '1 day' } });
  await insertReadings();
  const orm = model({ chunkInterval: { days: 30 } });
  expect(await timescale(orm.em).diff()).toMatchObject([{ safety: 'futureChunksOnly', hypertable: 'public.reading' }]);
  expect(await apply({ chunkInterval: { days: 30 } })).toMatchObject({ by: { interval: '30 days' } });
  expect(await apply({})).toMatchObject({ by: { interval: '30 days' } });
  expect(await countReadings()).toBe(200);
});

test('a hash dimension is added to chunks that are there, changed, and cannot be taken away', async () => {
  await apply({});
  await insertReadings();
  expect(await apply({ dimensions: [hash('deviceId', 2)] })).toMatchObject({
    dimensions: [{ kind: 'hash', column: 'device_id', partitions: 2 }],
  });
  expect(await apply({ dimensions: [hash('deviceId', 8)] })).toMatchObject({ dimensions: [{ partitions: 8 }] });
  expect(await countReadings()).toBe(200);
  await expect(apply({ dimensions: [] })).rejects.toThrow(ImpossibleChange);
  expect(await apply({})).toMatchObject({ dimensions: [{ partitions: 8 }] });
});

test('a range dimension is added and changed', async () => {
  expect(await apply({ dimensions: [range('deviceId', 100)] })).toMatchObject({
    dimensions: [{ kind: 'range', column: 'device_id', interval: 100 }],
  });
  expect(await apply({ dimensions: [range('deviceId', 50)] })).toMatchObject({ dimensions: [{ interval: 50 }] });
});

onCommunity('the columnstore is switched on, changed in part, and off again with every row kept', async () => {
  await apply({});
  await insertReadings();
  expect(
    await apply({ columnstore: { segmentBy: ['deviceId'], orderBy: { time: 'desc' }, after: '7 days' } }),
  ).toMatchObject({
    columnstore: {
      segmentBy: ['device_id'],
      orderBy: [{ column: 'time', descending: true, nullsFirst: true }],
      after: '7 days',
    },
  });
  await compressAll();
  expect(await countReadings()).toBe(200);
  expect(
    await apply({ columnstore: { segmentBy: ['deviceId', 'place'], orderBy: { temp: 'desc nulls last' } } }),
  ).toMatchObject({
    columnstore: {
      segmentBy: ['device_id', 'place'],
      orderBy: [
        { column: 'temp', descending: true, nullsFirst: false },
        { column: 'time', descending: true, nullsFirst: true },
      ],
      after: '7 days',
    },
  });
  expect(await apply({ columnstore: { segmentBy: [], after: false } })).toMatchObject({
    columnstore: { segmentBy: [], after: false },
  });
  const orm = model({ columnstore: false });
  expect((await timescale(orm.em).diff()).map(({ safety }) => safety)).toContain('rewrite');
  expect(await apply({ columnstore: false })).toEqual(plain);
  expect(await countReadings()).toBe(200);
});

onCommunity('a policy keeps its job when its setting changes', async () => {
  const jobs = async (): Promise<unknown> => {
    const orm = db.orm([]);
    return orm.em.execute(
      `SELECT job_id, proc_name FROM timescaledb_information.jobs WHERE hypertable_name = 'reading' ORDER BY job_id`,
    );
  };
  await apply({
    columnstore: { segmentBy: ['deviceId'], after: '7 days' },
    retention: { dropAfter: '1 year' },
    reorder: { index: 'reading_pkey' },
  });
  const before = await jobs();
  expect(before).toHaveLength(3);
  expect(
    await apply({
      columnstore: { after: '1 month' },
      retention: { dropAfter: '2 years' },
      reorder: { index: 'by_device' },
    }),
  ).toMatchObject({
    columnstore: { after: '1 month' },
    retention: { dropAfter: '24 months' },
    reorder: { index: 'by_device' },
  });
  expect(await jobs()).toEqual(before);
  expect(await apply({ columnstore: false, retention: false, reorder: false })).toEqual(plain);
  expect(await jobs()).toEqual([]);
});

onCommunity(
  'a retention on rows that are there, or a shorter one, needs the opt-in; a longer one does not',
  async () => {
    await apply({});
    await insertReadings();
    await expect(apply({ retention: { dropAfter: '1 year' } })).rejects.toThrow(DestructiveChange);
    const orm = model({ retention: { dropAfter: '1 year' } });
    expect(await orm.schema.getUpdateSchemaSQL({ safe: true, wrap: false })).toBe('');
    const allowed = { allowDestructive: true };
    expect(await apply({ retention: { dropAfter: '1 year' } }, allowed)).toMatchObject({
      retention: { dropAfter: '12 months' },
    });
    await expect(apply({ retention: { dropAfter: '11 months' } })).rejects.toThrow(
      'Rows would be lost: public.reading',
    );
    await apply({ retention: { dropAfter: '13 months' } });
    expect(await countReadings()).toBe(200);
  },
);

test('no retention is ever there without being asked for', async () => {
  expect(await apply(onlyCommunity({ columnstore: { after: '1 day' } }))).toMatchObject({ retention: false });
});

test('an ordinary table with rows becomes a hypertable, which is a rewrite', async () => {
  const before = model('ordinary');
  await before.schema.update();
  await insertReadings();
  expect(await stateInCatalog(before, 'reading')).toBeUndefined();
  const options: Omit<Options, 'by'> = {
    chunkInterval: '1 day',
    ...onlyCommunity({ columnstore: { segmentBy: ['deviceId' as const] } }),
  };
  expect((await timescale(model(options).em).diff()).map(({ safety }) => safety)).toContain('rewrite');
  expect(await apply(options)).toMatchObject({
    by: { interval: '1 day' },
    ...onlyCommunity({ columnstore: { segmentBy: ['device_id'] } }),
  });
  expect(await countReadings()).toBe(200);
});

test('a table whose key columns were renamed before becomes a hypertable, and gets a dimension', async () => {
  const orm = model('ordinary');
  await orm.em.execute(
    'CREATE TABLE reading (at timestamptz(6), device int, temp float8, place varchar(255), PRIMARY KEY (at, device))',
  );
  await orm.em.execute('CREATE INDEX by_device ON reading (device, at)');
  await orm.em.execute('ALTER TABLE reading RENAME COLUMN at TO time');
  await orm.em.execute('ALTER TABLE reading RENAME COLUMN device TO device_id');
  await insertReadings();
  expect(await apply({ chunkInterval: '1 day', dimensions: [hash('deviceId', 2)] })).toMatchObject({
    dimensions: [{ column: 'device_id', partitions: 2 }],
  });
  expect(await countReadings()).toBe(200);
});

test('a hypertable that is no longer declared is left as it is', async () => {
  await apply({ chunkInterval: '1 day', ...onlyCommunity({ retention: { dropAfter: '1 year' } as const }) });
  const orm = model('ordinary');
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'reading')).toMatchObject({
    by: { interval: '1 day' },
    ...onlyCommunity({ retention: { dropAfter: '12 months' } }),
  });
});

test('foreign keys lead from a hypertable and to one', async () => {
  const Device = defineEntity({ name: 'Device', properties: { id: p.integer().primary() } });
  const Sample = defineEntity({
    name: 'Sample',
    properties: { time: p.datetime(6).primary(), device: () => p.manyToOne(Device).primary() },
  });
  hypertable(Sample, { by: 'time', ...onlyCommunity({ columnstore: { segmentBy: ['device' as const] } }) });
  const Remark = defineEntity({
    name: 'Remark',
    properties: { id: p.integer().primary(), sample: () => p.manyToOne(Sample) },
  });
  const orm = db.orm([Device, Sample, Remark]);
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'sample')).toMatchObject({
    by: { column: 'time' },
    ...onlyCommunity({ columnstore: { segmentBy: ['device_id'] } }),
  });
  await orm.em.execute(`INSERT INTO device VALUES (1)`);
  await orm.em.execute(`INSERT INTO sample VALUES ('2026-01-01Z', 1)`);
  await expect(orm.em.execute(`INSERT INTO sample VALUES ('2026-01-01Z', 2)`)).rejects.toThrow('foreign key');
  await expect(orm.em.execute(`INSERT INTO remark VALUES (1, '2026-01-02Z', 1)`)).rejects.toThrow('foreign key');
  expect(await pending(orm)).toBe('');
});

test('another time column is said to be impossible', async () => {
  const entity = (by: 'time' | 'noted'): Parameters<typeof db.orm>[0] => {
    const Note = defineEntity({
      name: 'Note',
      properties: { time: p.datetime(6).primary(), noted: p.datetime(6).primary() },
    });
    hypertable(Note, { by });
    return [Note];
  };
  const orm = db.orm(entity('time'));
  await orm.schema.update();
  await expect(pending(db.orm(entity('noted')))).rejects.toThrow(
    'public.note: it is partitioned by "time", and TimescaleDB cannot change that to "noted"',
  );
});

test('a reorder policy names an index that the entity has', () => {
  const wrong = (): MikroORM => model({ reorder: { index: 'by_divice' } });
  expect(wrong).toThrow(InvalidHypertable);
  expect(wrong).toThrow('there is no index "by_divice". Use one of by_device, reading_pkey');
});

test.each([
  ['timestamp', p.datetime(6).columnType('timestamp(6)').primary()],
  ['date', p.date().primary()],
])('a %s column partitions as well', async (_name, time) => {
  const entities = (chunkInterval: '1 day' | '30 days'): Parameters<typeof db.orm>[0] => {
    const Event = defineEntity({ name: 'Event', properties: { time, id: p.integer().primary() } });
    hypertable(Event, { by: 'time', chunkInterval, ...onlyCommunity({ retention: { dropAfter: '1 year' } as const }) });
    return [Event];
  };
  await db.orm(entities('1 day')).schema.update();
  const orm = db.orm(entities('30 days'));
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await stateInCatalog(orm, 'event')).toMatchObject({ by: { interval: '30 days' } });
});

test('an integer column partitions, with a function that says what now is', async () => {
  const entities = (options: { chunkInterval: number; dropAfter: number }): Parameters<typeof db.orm>[0] => {
    const Log = defineEntity({
      name: 'Log',
      properties: { at: p.bigint('number').primary(), id: p.integer().primary() },
    });
    hypertable(Log, {
      by: 'at',
      chunkInterval: options.chunkInterval,
      integerNow: 'clock.unix_now',
      ...onlyCommunity({ columnstore: { after: 86_400 }, retention: { dropAfter: options.dropAfter } }),
    });
    return [Log];
  };
  const orm = db.orm(entities({ chunkInterval: 86_400, dropAfter: 1_000_000 }));
  await orm.em.execute(`CREATE SCHEMA clock`);
  await orm.em.execute(
    `CREATE FUNCTION clock.unix_now() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT extract(epoch FROM now())::bigint'`,
  );
  await orm.schema.update({ dropTables: false });
  expect(await stateInCatalog(orm, 'log')).toMatchObject({
    by: { column: 'at', interval: 86_400 },
    integerNow: { schema: 'clock', name: 'unix_now' },
    ...onlyCommunity({ columnstore: { after: 86_400 }, retention: { dropAfter: 1_000_000 } }),
  });
  const after = db.orm(entities({ chunkInterval: 3_600, dropAfter: 2_000_000 }));
  await after.schema.update();
  expect(await pending(after)).toBe('');
  expect(await stateInCatalog(after, 'log')).toMatchObject({
    by: { interval: 3_600 },
    ...onlyCommunity({ retention: { dropAfter: 2_000_000 } }),
  });
});
