import { defineEntity, MikroORM, p, type EntitySchema, type Options } from '@mikro-orm/postgresql';
import {
  avg,
  continuousAggregate,
  count,
  first,
  histogram,
  hypertable,
  InvalidContinuousAggregate,
  sum,
  Timescale,
  type ContinuousAggregateOptions,
} from '../src/index.ts';

const properties = {
  time: p.datetime(6).primary(),
  deviceId: p.integer().primary(),
  temp: p.double().nullable(),
};
const Reading = defineEntity({ name: 'Reading', properties });
hypertable(Reading, { by: 'time', retention: { dropAfter: '30 days' } });

/** The definition as plain JavaScript could hand it over. */
function faultOf(options: object, source: object = Reading): InvalidContinuousAggregate {
  try {
    continuousAggregate('Hourly', source as typeof Reading, options as never);
  } catch (error) {
    if (error instanceof InvalidContinuousAggregate) return error;
    throw error;
  }
  throw new Error('It was taken.');
}

const fine = { bucket: ['1 hour', 'time'], select: { n: count() } } as const;
const refresh = { start: '3 days', end: '1 hour', every: '1 hour' };

test.each<[string, object, string]>([
  ['bucket', { bucket: ['1 hour', 'deviceId'] }, '"deviceId" is not what Reading is partitioned by. Use "time"'],
  ['bucket', { bucket: [7, 'time'] }, `7 has no unit. Write '7 days', say`],
  ['bucket', { bucket: ['1 hourr', 'time'] }, '"1 hourr" is no interval'],
  ['bucket', { bucket: ['1 month 1 day', 'time'] }, 'months and days do not add up to one width'],
  ['bucket.timeZone', { bucket: { width: '1 day', by: 'time', timeZone: 'Mars/Base' } }, 'no time zone "Mars/Base"'],
  ['bucket.origin', { bucket: { width: '1 day', by: 'time', origin: 'yesterday' } }, '"yesterday" is no time'],
  [
    'bucket.offset',
    { bucket: { width: '1 day', by: 'time', origin: '2026-01-01', offset: '1 hour' } },
    'there is an origin already. Keep one of them',
  ],
  ['bucket.offset', { bucket: { width: '1 day', by: 'time', offset: 3 } }, '3 has no unit'],
  ['groupBy', { groupBy: ['device'] }, 'there is no property "device". Use one of time, deviceId, temp'],
  ['groupBy', { groupBy: ['time'] }, '"time" is cut into buckets. Leave it out'],
  ['groupBy', { groupBy: ['deviceId', 'deviceId'] }, '"deviceId" is there already'],
  ['select', { select: {} }, 'it is empty'],
  ['select.bucket', { select: { bucket: count() } }, 'the name is taken'],
  ['select.deviceId', { groupBy: ['deviceId'], select: { deviceId: count() } }, 'the name is taken'],
  ['select.t', { select: { t: avg('tmp') } }, 'there is no property "tmp"'],
  ['select.t', { select: { t: first('temp', 'when') } }, 'there is no property "when"'],
  ['select.h', { select: { h: histogram('temp', { min: 5, max: 5, buckets: 2 }) } }, '5 is not below 5'],
  ['select.h', { select: { h: histogram('temp', { min: 0, max: 5, buckets: 0.5 }) } }, '0.5 buckets'],
  ['chunkInterval', { chunkInterval: 7 }, '7 has no unit'],
  ['refresh.start', { refresh: { ...refresh, start: '2 hours' } }, 'less than two buckets. Give 3 hours at least'],
  ['refresh.start', { refresh: { ...refresh, start: 3 } }, '3 has no unit'],
  ['refresh.start', { refresh: { ...refresh, start: '31 days' } }, 'the source drops its rows after 30 days'],
  ['refresh.start', { refresh: { ...refresh, start: null } }, 'Give a start of 30 days or less'],
  ['refresh.end', { refresh: { ...refresh, end: 'soon' } }, '"soon" is no interval'],
  ['refresh.every', { refresh: { ...refresh, every: 5 } }, 'is no interval'],
  ['refresh.initialStart', { refresh: { ...refresh, initialStart: 'noon' } }, '"noon" is no Date'],
  ['refresh.timeZone', { refresh: { ...refresh, timeZone: 'UTC' } }, 'Give initialStart too'],
  ['retention.every', { retention: { dropAfter: '1 year', every: 'often' } }, '"often" is no interval'],
  ['refresh.bucketsPerBatch', { refresh: { ...refresh, bucketsPerBatch: -1 } }, '-1 is no number of them'],
  ['columnstore.after', { columnstore: { after: '7 days' } }, 'there is no refresh. Give one'],
  ['columnstore.after', { refresh, columnstore: { after: '1 day' } }, 'reach into the columnstore'],
  ['retention.dropAfter', { refresh, retention: { dropAfter: '1 day' } }, 'the refresh would make again what it drops'],
  ['retention.dropAfter', { retention: { dropAfter: 1 } }, '1 has no unit'],
  ['indexes', { indexes: [{ temp: 'asc' }] }, 'there is no "temp". Use bucket, n'],
  ['indexes', { indexes: [{ bucket: 'asc' }] }, 'one on the bucket is there anyway'],
  ['indexes', { indexes: [{}] }, 'one of them is empty'],
  ['refresh', { refresh: null }, 'it is null. Leave it out, or write false'],
])('%s of %j is refused in one sentence', (option, options, message) => {
  const fault = faultOf({ ...fine, ...options });
  expect(fault).toMatchObject({ entity: 'Hourly', option });
  expect(fault.message).toContain(`continuousAggregate(Hourly), ${option}: `);
  expect(fault.message).toContain(message);
});

test('it stands on a hypertable or an aggregate', () => {
  const Plain = defineEntity({ name: 'Plain', properties });
  expect(faultOf(fine, Plain).message).toContain('source: Plain is no hypertable. Call hypertable(Plain, ...) before');
});

test('a time zone is for a timestamp that has one', () => {
  const day = { width: '1 day', timeZone: 'Europe/Berlin' };
  const Diary = defineEntity({ name: 'Diary', properties: { day: p.date().primary() } });
  hypertable(Diary, { by: 'day' });
  const about = { bucket: { ...day, by: 'day' }, select: { n: count() } };
  expect(faultOf(about, Diary)).toMatchObject({ option: 'bucket.timeZone' });
  expect(faultOf(about, Diary).message).toContain('the column of "day" has no time zone');
  const Local = defineEntity({ name: 'Local', properties: { at: p.datetime().columnType('timestamp(6)').primary() } });
  hypertable(Local, { by: 'at' });
  expect(faultOf({ ...about, bucket: { ...day, by: 'at' } }, Local)).toMatchObject({ option: 'bucket.timeZone' });
});

test('what has not one column is neither grouped by nor selected', () => {
  const Address = defineEntity({ name: 'Address', embeddable: true, properties: { city: p.string() } });
  const properties = { time: p.datetime(6).primary(), address: () => p.embedded(Address) };
  const Visit = defineEntity({ name: 'Visit', properties });
  hypertable(Visit, { by: 'time' });
  expect(faultOf({ ...fine, groupBy: ['address'] }, Visit).message).toContain('"address" has no column of its own');
  expect(faultOf({ ...fine, select: { n: count('address') } }, Visit)).toMatchObject({ option: 'select.n' });
});

test('two properties of one column, and an aggregate that is wanted and not, are refused by MikroORM.init', async () => {
  const init = (entities: EntitySchema[]): Promise<unknown> =>
    MikroORM.init({ entities, dbName: 'none', extensions: [Timescale], connect: false } as Options);
  const Twice = continuousAggregate('Twice', Reading, {
    bucket: ['1 hour', 'time'],
    groupBy: ['deviceId'],
    select: { device_id: count() },
  });
  await expect(init([Reading, Twice])).rejects.toThrow('two of its properties have the column "device_id"');
  const Other = defineEntity({ name: 'Other', properties });
  hypertable(Other, { by: 'time' });
  const Hourly = continuousAggregate('Hourly', Other, fine);
  continuousAggregate('Hourly', Other, false);
  await expect(init([Other, Hourly])).rejects.toThrow('"hourly" is declared too. Keep one of the two');
});

test('an integer has neither zone nor origin, and has to know what now is', () => {
  const Log = defineEntity({ name: 'Log', properties: { at: p.integer().primary() } });
  hypertable(Log, { by: 'at', chunkInterval: 100 });
  const of = (bucket: object): string => faultOf({ bucket, select: { n: count() } }, Log).message;
  expect(of([10, 'at'])).toContain('the integer "at" does not say what now is. Give Log an integerNow');
  expect(of(['1 day', 'at'])).toContain('"1 day" has a unit');
  expect(of({ width: 10, by: 'at', timeZone: 'UTC' })).toContain('"at" is an integer. Leave it out');
  expect(of({ width: 10, by: 'at', origin: '2026-01-01' })).toContain('Use offset');
});

type Bucket = ContinuousAggregateOptions<'time', 'time'>['bucket'];

/** Of an aggregate with the second width on one with the first. */
function hierarchyFault(below: Bucket, above: object): string | undefined {
  const Below = continuousAggregate('Below', Reading, { bucket: below, select: { n: count() } });
  try {
    continuousAggregate('Hourly', Below, { bucket: above as Bucket as never, select: { n: sum('n') } });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test.each<[Bucket, object, string | undefined]>([
  [['1 hour', 'time'], ['1 day', 'bucket'], undefined],
  [['1 hour', 'time'], ['90 minutes', 'bucket'], '"90 minutes" of "1 hour" is no whole number of buckets'],
  [['1 day', 'time'], ['36 hours', 'bucket'], 'no whole number'],
  [['1 day', 'time'], ['1 month', 'bucket'], undefined],
  [['7 days', 'time'], ['1 month', 'bucket'], 'no whole number'],
  [['1 month', 'time'], ['1 year', 'bucket'], undefined],
  [['2 months', 'time'], ['3 months', 'bucket'], 'no whole number'],
  [['1 month', 'time'], ['60 days', 'bucket'], 'no whole number'],
  [{ width: '1 hour', by: 'time', timeZone: 'Europe/Berlin' }, ['1 day', 'bucket'], 'no fixed width of a calendar'],
  [
    { width: '1 hour', by: 'time', timeZone: 'Europe/Berlin' },
    { width: '1 day', by: 'bucket', timeZone: 'Europe/Paris' },
    'the buckets below are those of Europe/Berlin',
  ],
  [['1 hour', 'time'], { width: '1 day', by: 'bucket', timeZone: 'Europe/Berlin' }, undefined],
  [['15 minutes', 'time'], { width: '1 day', by: 'bucket', timeZone: 'Asia/Kathmandu' }, undefined],
  [['1 hour', 'time'], { width: '1 day', by: 'bucket', timeZone: 'Asia/Kolkata' }, '330 minutes from UTC'],
  [['1 hour', 'time'], { width: '1 day', by: 'bucket', offset: '6 hours' }, undefined],
  [['1 hour', 'time'], { width: '1 day', by: 'bucket', offset: '30 minutes' }, 'cuts through a bucket'],
  [['1 hour', 'time'], { width: '1 day', by: 'bucket', origin: '2026-01-01T06:30Z' }, 'cuts through a bucket'],
  [['1 hour', 'time'], { width: '1 day', by: 'bucket', origin: '2026-01-01T06:00Z' }, undefined],
  [{ width: '1 hour', by: 'time', offset: '5 minutes' }, ['1 day', 'bucket'], 'begin at other times'],
])('buckets of %j make whole ones of %j or not', (below, above, message) => {
  const fault = hierarchyFault(below, above);
  if (message === undefined) expect(fault).toBeUndefined();
  else expect(fault).toContain(message);
});

test('names are checked by the compiler', () => {
  const Hourly = continuousAggregate('Hourly', Reading, { ...fine, groupBy: ['deviceId'] });
  // @ts-expect-error the aggregate has no such property
  expect(() => continuousAggregate('Daily', Hourly, { bucket: ['1 day', 'time'], select: { n: sum('n') } })).toThrow();
  // @ts-expect-error nor this one
  expect(() => continuousAggregate('X', Hourly, { bucket: ['1 day', 'bucket'], select: { n: sum('m') } })).toThrow();
  const index = { indexes: [{ temp: 'asc' }] } as const;
  // @ts-expect-error a row of the aggregate has no such name
  expect(() => continuousAggregate('X', Reading, { ...fine, ...index })).toThrow();
});
