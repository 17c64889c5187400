import { defineEntity, p, type MikroORM } from '@mikro-orm/postgresql';
import { hypertable, MissingFeature, timescale, type TimescaleSettings } from '../src/index.ts';
import { limitAggregates } from '../src/orm/limit-aggregates.ts';
import { limitToServer } from '../src/orm/limit-to-server.ts';
import type { HypertableState } from '../src/state/hypertable-state.ts';
import { emptyDatabase, pending, stateInCatalog, TestDatabase } from './database.ts';
import { onApache, onServer, server } from './server.ts';

const Reading = defineEntity({
  name: 'Reading',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
});
hypertable(Reading, { by: 'time', chunkInterval: '1 day', retention: { dropAfter: '1 year' } });

const wanted = { by: { column: 'time' }, columnstore: {}, retention: { dropAfter: '1 year' }, reorder: false } as const;
const community = { version: '2.23.0', edition: 'community', available: true, schema: 'public' } as const;

test('a community server of a late enough version is asked for everything', () => {
  expect(limitToServer(wanted, 'reading', community, 'error', fail)).toEqual(wanted);
});

test('what the edition lacks is named, with what it needs and what is there', () => {
  const apache = { ...community, edition: 'apache' } as const;
  expect(() => limitToServer(wanted, 'reading', apache, 'error', fail)).toThrow(MissingFeature);
  const said: string[] = [];
  expect(limitToServer(wanted, 'reading', apache, 'warn', (message) => said.push(message))).toEqual({
    by: { column: 'time' },
    reorder: false,
  });
  expect(said).toEqual([
    'reading: columnstore needs the community edition of TimescaleDB, and the server has 2.23.0 (apache edition).',
    'reading: retention needs the community edition of TimescaleDB, and the server has 2.23.0 (apache edition).',
  ]);
});

test.each<[string, Partial<Parameters<typeof limitToServer>[0]>]>([
  ['a hypertable by uuid needs TimescaleDB 2.22 or later', { by: { column: 'id', uuid: true } }],
  ['columnstore.sparseIndexes needs TimescaleDB 2.22 or later', { columnstore: { sparseIndexes: false } }],
])('%s', (message, options) => {
  const older = { ...community, version: '2.21.4' };
  const asked = { by: { column: 'time' }, ...options };
  expect(() => limitToServer(asked, 'reading', older, 'error', fail)).toThrow(message);
  expect(limitToServer(asked, 'reading', community, 'error', fail)).toEqual(asked);
});

test('a uuid without its policies is all that an older server gets', () => {
  const byUuid: HypertableState = {
    by: { column: 'id', uuid: true },
    columnstore: { segmentBy: ['device'], after: '1 day', schedule: { every: '1 day' } },
    chunkSkipping: ['seq'],
    retention: { dropAfter: '1 year' },
    reorder: false,
  };
  expect(limitToServer(byUuid, 'reading', { ...community, version: '2.24.0' }, 'skip', fail)).toEqual({
    by: byUuid.by,
    columnstore: { segmentBy: ['device'] },
    chunkSkipping: ['seq'],
    reorder: false,
  });
});

test('chunk skipping is left out by the Apache edition', () => {
  const apache = { ...community, edition: 'apache' } as const;
  expect(limitToServer({ by: { column: 'time' }, chunkSkipping: ['seq'] }, 'reading', apache, 'skip', fail)).toEqual({
    by: { column: 'time' },
  });
});

test('a server that is too old is said to be', () => {
  const older = { ...community, version: '2.9.3' };
  expect(() => limitToServer(wanted, 'reading', older, 'error', fail)).toThrow(
    'reading: a hypertable needs TimescaleDB 2.18 or later, and the server has 2.9.3 (community edition).',
  );
});

test('without TimescaleDB on the server there is an ordinary table, if that is wished', () => {
  const none = { version: undefined, edition: 'none', available: false, schema: undefined } as const;
  expect(() => limitToServer(wanted, 'reading', none, 'error', fail)).toThrow(
    'needs TimescaleDB, and the server has none',
  );
  expect(limitToServer(wanted, 'reading', none, 'skip', fail)).toBeUndefined();
});

test('continuous aggregates are the community edition’s', () => {
  const hourly = { view: 'hourly', source: 'reading', query: { spelled: '' }, refresh: false } as const;
  const gone = { view: 'gone', removed: true } as const;
  expect(limitAggregates([hourly, gone], 'public', community, 'error', fail)).toEqual([hourly, gone]);
  const apache = { ...community, edition: 'apache' } as const;
  expect(() => limitAggregates([hourly], 'public', apache, 'error', fail)).toThrow(
    'public.hourly: a continuous aggregate needs the community edition of TimescaleDB, and the server has 2.23.0 (apache edition).',
  );
  const said: string[] = [];
  expect(limitAggregates([hourly, gone], 'public', apache, 'warn', (message) => said.push(message))).toEqual([]);
  expect(said).toHaveLength(1);
  expect(limitAggregates([gone], 'public', apache, 'error', fail)).toEqual([]);
});

test('batches of a refresh need a later version', () => {
  const schedule = { every: '1 hour' };
  const refresh = { start: '3 days', end: null, schedule, bucketsPerBatch: 5, refreshNewestFirst: true };
  const hourly = { view: 'hourly', source: 'reading', query: { spelled: '' }, refresh };
  expect(limitAggregates([hourly], 'public', { ...community, version: '2.20.0' }, 'error', fail)).toEqual([hourly]);
  expect(() => limitAggregates([hourly], 'public', { ...community, version: '2.18.2' }, 'error', fail)).toThrow(
    'public.hourly: refresh.bucketsPerBatch needs TimescaleDB 2.19 or later',
  );
  expect(limitAggregates([hourly], 'public', { ...community, version: '2.19.1' }, 'skip', fail)).toEqual([
    { ...hourly, refresh: { start: '3 days', end: null, schedule, bucketsPerBatch: 5 } },
  ]);
});

function fail(message: string): never {
  throw new Error(message);
}

describe('in a database without the extension', () => {
  const warnings: string[] = [];
  const db = new TestDatabase();
  const orm = (settings: TimescaleSettings): MikroORM =>
    db.orm([Reading], settings, { logger: (message) => warnings.push(message), colors: false });
  beforeEach(async () => {
    warnings.length = 0;
    await db.start(emptyDatabase);
  });
  afterEach(() => db.stop());

  onApache('a retention is refused with the name of the edition', async () => {
    const strict = orm({});
    await expect(strict.schema.create()).rejects.toThrow(
      /public.reading: retention needs the community edition.*apache/,
    );
  });

  onApache('or left out with a warning, and then the schema agrees with the model', async () => {
    const lenient = orm({ onMissing: 'warn' });
    await lenient.schema.create();
    expect(warnings.join('\n')).toContain('retention needs the community edition');
    expect(await stateInCatalog(lenient, 'reading')).toMatchObject({ by: { interval: '1 day' }, retention: false });
    expect(await pending(lenient)).toBe('');
    expect(await timescale(lenient.em).capabilities()).toMatchObject({ edition: 'apache' });
    await timescale(lenient.em).check();
    expect((await lenient.schema.getUpdateSchemaMigrationSQL({ wrap: false })).up.trim()).toBe('');
  });

  onServer('a first migration knows the edition before the extension is created, and does not create it', async () => {
    const lenient = orm({ onMissing: 'skip' });
    const { up } = await lenient.schema.getUpdateSchemaMigrationSQL({ wrap: false });
    expect(await timescale(lenient.em).capabilities()).toMatchObject({ edition: 'none', available: true });
    for (const line of up.split('\n')) if (line.trim() !== '') await lenient.em.execute(line);
    expect(await stateInCatalog(lenient, 'reading')).toMatchObject({
      by: { interval: '1 day' },
      retention: server.edition === 'community' ? { dropAfter: '12 months' } : false,
    });
    expect(await pending(lenient)).toBe('');
  });
});
