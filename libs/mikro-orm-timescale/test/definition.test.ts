import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hash, hypertable, InvalidHypertable, range, type HypertableOptions } from '../src/index.ts';

const properties = {
  time: p.datetime(6).primary(),
  day: p.date(),
  counter: p.integer(),
  deviceId: p.integer().primary(),
  name: p.string(),
};
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
  hypertable(Reading, {
    by: 'time',
    chunkInterval: { days: 1 },
    dimensions: [hash('deviceId', 4)],
    columnstore: { segmentBy: ['deviceId'], orderBy: { time: 'desc nulls last' }, after: '1 day 12 hours' },
    retention: { dropAfter: '3 months' },
    reorder: { index: 'reading_pkey' },
  });
});

test.each<[string, object, string]>([
  ['by', { by: 'tiem' }, 'there is no property "tiem". Use one of time, day, counter, deviceId, name'],
  ['by', { by: 'name' }, '"name" is no time. Use a timestamp, a date or an integer property'],
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
