import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { bloom, hash, hypertable, InvalidHypertable, minmax, range, type HypertableOptions } from '../src/index.ts';

const properties = {
  time: p.datetime(6).primary(),
  day: p.date(),
  counter: p.integer(),
  deviceId: p.integer().primary(),
  name: p.string(),
  ref: p.uuid(),
};
const orderBy = { time: 'desc' };
const Reading = defineEntity({ name: 'Reading', properties });
type Options = HypertableOptions<keyof typeof properties>;

/** The definition as plain JavaScript could hand it over. */
function faultOf(options: object, entity: Pick<EntitySchema, 'meta'> = Reading): InvalidHypertable {
  try {
    hypertable(entity as typeof Reading, options as Options);
  } catch (error) {
    if (error instanceof InvalidHypertable) return error;
    throw error;
  }
  throw new Error('It was taken.');
}

test('a definition with everything is taken', () => {
  hypertable(defineEntity({ name: 'Reading', properties }), {
    by: 'time',
    chunkInterval: { days: 1 },
    dimensions: [hash('deviceId', 4)],
    columnstore: {
      segmentBy: ['deviceId'],
      orderBy: { time: 'desc nulls last' },
      sparseIndexes: [bloom('name'), minmax('ref')],
      after: '1 day 12 hours',
      every: '1 hour',
    },
    chunkSkipping: ['counter', 'day'],
    retention: { dropAfter: '3 months', every: { months: 1 }, initialStart: new Date(), timeZone: 'Europe/Berlin' },
    reorder: { index: 'reading_pkey', initialStart: false, timeZone: false },
  });
});

test.each<[string, object, string]>([
  ['by', { by: 'tiem' }, 'there is no property "tiem". Use one of time, day, counter, deviceId, name, ref'],
  ['by', { by: 'name' }, '"name" is no time. Use a timestamp, a date, an integer or a uuid property'],
  ['by', { by: 'day' }, 'the primary key (time, deviceId) lacks "day". Add "day" to it, or take it away'],
  ['chunkInterval', { by: 'time', chunkInterval: 7 }, `7 has no unit. Write '7 days', say`],
  ['chunkInterval', { by: 'time', chunkInterval: '7 dayz' }, `"7 dayz" is no interval. Write it as '7 days'`],
  ['chunkInterval', { by: 'time', chunkInterval: '0 days' }, '"0 days" is no interval'],
  ['chunkInterval', { by: 'time', chunkInterval: { days: -1 } }, '{"days":-1}" is no interval'],
  ['chunkInterval', { by: 'deviceId' }, '"deviceId" is an integer, which has no default'],
  ['chunkInterval', { by: 'deviceId', chunkInterval: '1 day' }, '"1 day" has a unit, and the column is an integer'],
  ['dimensions', { by: 'time', dimensions: [hash('counter', 2)] }, 'lacks "counter"'],
  ['dimensions hash(device)', { by: 'time', dimensions: [hash('device', 2)] }, 'there is no property "device"'],
  ['dimensions hash(deviceId)', { by: 'time', dimensions: [hash('deviceId', 0)] }, '0 partitions'],
  ['dimensions hash(time)', { by: 'time', dimensions: [hash('time', 2)] }, 'it partitions already. Leave it out'],
  ['dimensions range(deviceId)', { by: 'time', dimensions: [range('deviceId', '1 day')] }, 'the column is an integer'],
  ['columnstore.segmentBy', { by: 'time', columnstore: { segmentBy: ['x'] } }, 'there is no property "x"'],
  ['columnstore.segmentBy', { by: 'time', columnstore: { segmentBy: ['time'] } }, 'Put it into orderBy'],
  ['columnstore.orderBy', { by: 'time', columnstore: { orderBy: { x: 'asc' } } }, 'there is no property "x"'],
  ['columnstore.orderBy', { by: 'time', columnstore: { orderBy: {} } }, 'it is empty'],
  ['columnstore.orderBy', { by: 'time', columnstore: { segmentBy: ['name'], orderBy: { name: 'asc' } } }, 'Keep it in'],
  ['columnstore.after', { by: 'time', columnstore: { after: 7 } }, '7 has no unit'],
  ['retention.dropAfter', { by: 'time', retention: { dropAfter: 30 } }, '30 has no unit'],
  ['integerNow', { by: 'time', integerNow: 'public.now' }, 'is no integer, and knows what now is. Leave it out'],
  ['chunkInterval', { by: 'ref', chunkInterval: 7 }, '7 has no unit'],
  ['by', { by: 'ref' }, 'lacks "ref"'],
  ['chunkSkipping', { by: 'time', chunkSkipping: ['nmae'] }, 'there is no property "nmae"'],
  [
    'chunkSkipping',
    { by: 'time', chunkSkipping: ['name'] },
    '"name" is no time and no integer. Use a timestamp, a date',
  ],
  ['chunkSkipping', { by: 'time', chunkSkipping: ['ref'] }, '"ref" is no time and no integer'],
  ['chunkSkipping', { by: 'time', chunkSkipping: ['time'] }, '"time" partitions'],
  ['chunkSkipping', { by: 'time', chunkSkipping: ['counter', 'counter'] }, '"counter" is there twice. Keep it once'],
  [
    'columnstore.sparseIndexes',
    { by: 'time', columnstore: { sparseIndexes: [bloom('name')] } },
    `orderBy: { time: 'desc' }`,
  ],
  ['columnstore.sparseIndexes', { by: 'time', columnstore: { sparseIndexes: false } }, 'only together with orderBy'],
  [
    'columnstore.sparseIndexes bloom(x)',
    { by: 'time', columnstore: { orderBy, sparseIndexes: [bloom('x')] } },
    'there is no property "x"',
  ],
  [
    'columnstore.sparseIndexes bloom(time)',
    { by: 'time', columnstore: { orderBy, sparseIndexes: [bloom('time')] } },
    'rows are ordered by it',
  ],
  [
    'columnstore.sparseIndexes minmax(name)',
    { by: 'time', columnstore: { segmentBy: ['name'], orderBy, sparseIndexes: [minmax('name')] } },
    'it is in segmentBy',
  ],
  [
    'columnstore.sparseIndexes minmax(name)',
    { by: 'time', columnstore: { orderBy, sparseIndexes: [bloom('name'), minmax('name')] } },
    'it has a sparse index already. Keep one of them',
  ],
  ['columnstore.every', { by: 'time', columnstore: { every: '1 day' } }, 'there is no policy to run. Give after too'],
  ['columnstore.timeZone', { by: 'time', columnstore: { after: false, timeZone: false } }, 'there is no policy to run'],
  ['retention.every', { by: 'time', retention: { dropAfter: '1 year', every: 7 } }, '"7" is no interval'],
  [
    'retention.every',
    { by: 'time', retention: { dropAfter: '1 year', every: '1 month 2 days' } },
    'mixes months with days',
  ],
  [
    'retention.initialStart',
    { by: 'time', retention: { dropAfter: '1 year', initialStart: '2026-01-01' } },
    '"2026-01-01" is no Date',
  ],
  ['reorder.initialStart', { by: 'time', reorder: { index: 'x', initialStart: new Date('x') } }, 'is no Date'],
  ['reorder.timeZone', { by: 'time', reorder: { index: 'x', timeZone: 'Europe/Berlin' } }, 'Give initialStart too'],
  [
    'reorder.timeZone',
    { by: 'time', reorder: { index: 'x', initialStart: new Date(), timeZone: 'Mars' } },
    '"Mars" is no time zone',
  ],
  [
    'integerNow',
    { by: 'deviceId', chunkInterval: 10, retention: { dropAfter: 10 } },
    'a policy on an integer has to know what now is',
  ],
])('%s of %j is refused in one sentence', (option, options, message) => {
  const fault = faultOf(options);
  expect(fault).toMatchObject({ entity: 'Reading', option });
  expect(fault.message).toContain(`hypertable(Reading), ${option}: `);
  expect(fault.message).toContain(message);
});

test('a unique key has to hold the time, wherever it is declared', () => {
  const options = { by: 'time' };
  const onProperty = defineEntity({ name: 'Reading', properties: { ...properties, name: p.string().unique() } });
  expect(faultOf(options, onProperty).message).toContain('the unique property (name) lacks "time"');
  const onEntity = defineEntity({
    name: 'Reading',
    properties,
    uniques: [{ name: 'by_name', properties: ['name', 'deviceId'] }],
  });
  expect(faultOf(options, onEntity).message).toContain('the unique key "by_name" (name, deviceId) lacks "time"');
});

test('a date is cut into whole days', () => {
  const Daily = defineEntity({ name: 'Daily', properties: { day: p.date().primary() } });
  expect(() => hypertable(Daily, { by: 'day', chunkInterval: '12 hours' })).toThrow('Give whole days');
  hypertable(Daily, { by: 'day', chunkInterval: '48 hours' });
});

test('property names and intervals are checked by the compiler', () => {
  // @ts-expect-error there is no such property
  expect(() => hypertable(Reading, { by: 'when' })).toThrow(InvalidHypertable);
  // @ts-expect-error a unit that is none
  expect(() => hypertable(Reading, { by: 'time', chunkInterval: '1 fortnight' })).toThrow(InvalidHypertable);
});

test.each([
  ['by name', p.type('timestamptz')],
  ['by the class Date', p.type(Date)],
  ['by the column of a string', p.string().columnType('timestamptz(3)')],
  ['with a zone in words', p.datetime().columnType('timestamp with time zone')],
])('a timestamp that is declared %s partitions', (_name, time) => {
  const Event = defineEntity({ name: 'Event', properties: { time: time.primary() } });
  hypertable(Event as unknown as typeof Reading, { by: 'time', chunkInterval: '1 day' });
});

test('the column says more than the type that it is read as', () => {
  const Event = defineEntity({
    name: 'Event',
    properties: { day: p.datetime().columnType('date').primary(), at: p.string().columnType('int8').primary() },
  });
  expect(faultOf({ by: 'day', chunkInterval: '12 hours' }, Event).message).toContain('Give whole days');
  expect(faultOf({ by: 'at', chunkInterval: '1 day' }, Event).message).toContain('the column is an integer');
});

test('a second definition for one entity is refused', () => {
  const Event = defineEntity({ name: 'Event', properties: { time: p.datetime().primary() } });
  hypertable(Event, { by: 'time' });
  expect(() => hypertable(Event, { by: 'time', chunkInterval: '1 day' })).toThrow(
    'hypertable(Event), the entity: it is declared already. Keep one of the two definitions.',
  );
});
