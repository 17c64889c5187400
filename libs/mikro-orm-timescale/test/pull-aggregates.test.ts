import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineEntity, EntitySchema, p, type MikroORM, type Options } from '@mikro-orm/postgresql';
import { continuousAggregate, count, hypertable, NotThere, rawAggregate, sum, timescale } from '../src/index.ts';
import type { AggregateState } from '../src/state/aggregate-state.ts';
import { aggregatesOf } from '../src/state/on-table.ts';
import { aggregatesInCatalog, pending, TestDatabase } from './database.ts';
import { AskingNames } from './loud-names.ts';
import { onCommunity as test } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

let made = 0;

async function evaluate(source: string, files: Record<string, string> = {}): Promise<EntitySchema[]> {
  const folder = await db.folder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const file = join(folder, `pulled-${made++}.ts`);
  await writeFile(file, source);
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  return Object.values(module).filter((each) => each instanceof EntitySchema);
}

async function run(orm: MikroORM, statements: string): Promise<void> {
  for (const statement of statements.split(';;')) if (statement.trim() !== '') await orm.em.execute(statement);
}

/** What is there and what the evaluated source asks for, without the queries, which `diff()` compares. */
async function bothStates(orm: MikroORM): Promise<[unknown[], unknown[]]> {
  const target = orm.schema.getTargetSchema();
  const wanted = target.getTables().flatMap((table) => aggregatesOf(table)) as AggregateState[];
  const present = await aggregatesInCatalog(orm);
  const known = (all: AggregateState[]): unknown[] =>
    all.map((state) => ({ ...state, query: undefined })).sort((a, b) => (a.view < b.view ? -1 : 1));
  return [known(present), known(wanted)];
}

async function expectRoundTrip(orm: MikroORM, options: Options = {}): Promise<string> {
  const source = await timescale(orm.em).pull();
  const again = db.orm(await evaluate(source), {}, options);
  expect(await timescale(again.em).diff()).toEqual([]);
  expect(await pending(again)).toBe('');
  const [present, wanted] = await bothStates(again);
  expect(wanted).toHaveLength(present.length);
  expect(present).toMatchObject(wanted as object[]);
  return source;
}

const reading = `
  CREATE TABLE reading (
    time timestamptz NOT NULL, device_id int NOT NULL, temp float8, place text, price numeric(10,2), "from" bigint,
    zone text, "It's ""odd" int, PRIMARY KEY (time, device_id)
  );;
  SELECT create_hypertable('reading', by_range('time', interval '1 day'));;`;

test('every function, other expressions, and every option', async () => {
  const orm = db.orm([]);
  await run(
    orm,
    `${reading}
     CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
     SELECT time_bucket('1 hour', time) AS bucket, device_id, place,
       count(*) AS n, count(temp) AS known, sum(temp), avg(temp) AS avg_temp, min(price), max("It's ""odd") AS odd,
       first(temp, time) AS first_temp, last(place, time) AS last_place,
       histogram(temp, 0, 10.5, 5) FILTER (WHERE temp IS NOT NULL) AS h, histogram(temp, -1.5, 1e3, 7) AS wide,
       histogram(temp, 0.0, 1, 2) FILTER (WHERE temp IS NOT NULL) AS odd_h,
       count(*) FILTER (WHERE temp > 5 AND zone <> 'it''s \`\${zone}\\') AS warm,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY temp) AS median,
       count(DISTINCT "from") AS froms, sum(temp) / nullif(count(*), 0) + 1 AS x,
       max(time)::timestamp with time zone AT TIME ZONE max(zone) AS local, sum(temp)::numeric(10,2) AS rounded,
       extract(year FROM max(time)) AS year, upper(place) AS loud, sum(temp * 2) AS twice,
       CASE WHEN max(temp) > 1 THEN 'a, FROM b' ELSE NULL END AS text
     FROM reading GROUP BY 1, 2, 3 WITH NO DATA;;
     SELECT set_chunk_time_interval('hourly', interval '12 days');;
     CREATE INDEX ON hourly (avg_temp DESC NULLS LAST, bucket);;
     ALTER MATERIALIZED VIEW hourly SET (
       timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id, place', timescaledb.orderby = 'n DESC, bucket'
     );;
     SELECT add_continuous_aggregate_policy(
       'hourly', interval '1 month 3 days 2 hours', interval '1 hour', interval '30 minutes',
       initial_start => '2026-01-01 03:00Z', timezone => 'Europe/Berlin',
       buckets_per_batch => 5, max_batches_per_execution => 6, refresh_newest_first => false
     );;
     CALL add_columnstore_policy(
       'hourly', after => interval '60 days', schedule_interval => interval '6 hours',
       initial_start => '2026-01-01 04:00Z', timezone => 'Europe/Berlin'
     );;
     SELECT add_retention_policy(
       'hourly', interval '2 years', schedule_interval => interval '7 hours',
       initial_start => '2026-01-01 05:00Z', timezone => 'Europe/Berlin'
     );;
     CREATE MATERIALIZED VIEW plain WITH (timescaledb.continuous, timescaledb.create_group_indexes = false) AS
     SELECT time_bucket('1 hour', time) AS bucket, device_id, count(*) AS n FROM reading GROUP BY 1, 2 WITH NO DATA`,
  );
  const source = await expectRoundTrip(orm);
  expect(source).toContain(`export const Hourly = continuousAggregate('Hourly', Reading, {
  bucket: ['1 hour', 'time'],
  groupBy: ['deviceId', 'place'],
  select: {
    n: count(),
    known: count('temp'),
    sum: sum('temp'),
    avgTemp: avg('temp'),
    min: min('price'),`);
  expect(source).toContain(`    firstTemp: first('temp', 'time'),
    lastPlace: last('place', 'time'),
    h: histogram('temp', { min: 0, max: 10.5, buckets: 5 }),`);
  expect(source).toContain(
    'warm: rawAggregate(({ temp, zone }) => `count(*) FILTER (WHERE ((${temp} > (5)::double precision) AND ' +
      "(${zone} <> 'it''s \\`\\${zone}\\\\'::text)))`)",
  );
  expect(source).toContain('froms: rawAggregate(({ from }) => `count(DISTINCT ${from})`)');
  expect(source).toContain('  indexes: [],\n');
  const orm2 = db.orm(await evaluate(source));
  const [present, wanted] = await bothStates(orm2);
  // All there is has been set by hand here, so that nothing is left unsaid.
  expect(wanted[0]).toEqual(present[0]);
  // It is what makes the same again.
  await orm2.schema.drop();
  await orm2.schema.create();
  expect((await bothStates(orm2))[0]).toEqual(present);
});

test('time zone, origin and offset, named or not; one on another; columns in any order', async () => {
  const orm = db.orm([]);
  await run(
    orm,
    `${reading}
     CREATE MATERIALIZED VIEW berlin WITH (timescaledb.continuous) AS
     SELECT time_bucket('1 day', time, 'Europe/Berlin') AS bucket, count(*) AS n, device_id
     FROM reading AS r GROUP BY r.device_id, 1 WITH NO DATA;;
     CREATE MATERIALIZED VIEW from_origin WITH (timescaledb.continuous) AS
     SELECT time_bucket('10 days', time, origin => '2026-01-01 06:00Z'::timestamptz) AS bucket, count(*) AS n
     FROM reading GROUP BY 1 WITH NO DATA;;
     CREATE MATERIALIZED VIEW from_offset WITH (timescaledb.continuous) AS
     SELECT time_bucket('1 day', time, interval '30 minutes') AS bucket, count(*) AS n FROM reading GROUP BY 1 WITH NO DATA;;
     CREATE MATERIALIZED VIEW zone_origin WITH (timescaledb.continuous) AS
     SELECT time_bucket('1 month', time, timezone => 'Asia/Kathmandu', origin => '2026-01-01 06:00Z'::timestamptz) AS bucket,
       count(*) AS n
     FROM reading GROUP BY 1 WITH NO DATA;;
     CREATE MATERIALIZED VIEW yearly WITH (timescaledb.continuous) AS
     SELECT time_bucket('1 year', bucket, 'Europe/Berlin') AS bucket, sum(n) AS n, max(device_id) AS most
     FROM berlin GROUP BY 1 WITH NO DATA;;
     CREATE MATERIALIZED VIEW decade WITH (timescaledb.continuous) AS
     SELECT time_bucket('10 years', bucket, 'Europe/Berlin') AS bucket, sum(n * 2) AS n FROM yearly GROUP BY 1 WITH NO DATA;;
     SELECT add_continuous_aggregate_policy('decade', NULL, NULL, interval '1 day')`,
  );
  const source = await expectRoundTrip(orm);
  expect(source).toContain(`bucket: { width: '1 day', by: 'time', timeZone: 'Europe/Berlin' }`);
  expect(source).toContain(`bucket: { width: '10 days', by: 'time', origin: new Date('2026-01-01T06:00:00.000Z') }`);
  expect(source).toContain(`bucket: { width: '1 day', by: 'time', offset: '30 minutes' }`);
  expect(source).toContain(`continuousAggregate('Decade', Yearly, {`);
  expect(source).toContain(`refresh: { start: null, end: null, every: '1 day' }`);
  // An aggregate of the catalog is read the same whoever made it.
  const entities = await evaluate(source);
  const em = db.orm(entities).em.fork();
  await em.execute(`INSERT INTO reading (time, device_id) VALUES ('2026-01-01', 1), ('2026-01-02', 2)`);
  await timescale(em).refresh({ name: 'berlin' });
  const Berlin = entities.find(({ meta }) => meta.className === 'Berlin');
  expect(await em.count(Berlin as EntitySchema<{ n: number }>, { n: 1 })).toBe(2);
});

test.each([
  ['smallint', '10', `'5'::smallint`],
  ['int', '10', '5'],
  ['bigint', '10', `'5'::bigint`],
])('%s buckets', async (type, width, offset) => {
  const orm = db.orm([]);
  await run(
    orm,
    `CREATE SCHEMA clock;;
     CREATE FUNCTION clock.tick() RETURNS ${type} LANGUAGE sql STABLE AS 'SELECT 1000::${type}';;
     CREATE TABLE ticks (at ${type} PRIMARY KEY);;
     SELECT create_hypertable('ticks', by_range('at', 100));;
     SELECT set_integer_now_func('ticks', 'clock.tick');;
     CREATE MATERIALIZED VIEW tens WITH (timescaledb.continuous) AS
     SELECT time_bucket('${width}'::${type}, at, "offset" => ${offset}) AS bucket, count(*) AS n FROM ticks GROUP BY 1 WITH NO DATA;;
     SELECT add_continuous_aggregate_policy('tens', 500::${type}, 10::${type}, interval '1 hour')`,
  );
  const source = await timescale(orm.em).pull();
  expect(source).toContain(`bucket: { width: 10, by: 'at', offset: 5 }`);
  const again = db.orm(await evaluate(source), {}, { schemaGenerator: { ignoreRoutines: true } });
  expect(await timescale(again.em).diff()).toEqual([]);
});

test.each([
  ['timestamp(3)', `, origin => '2026-01-01 06:00'::timestamp`, `origin: '2026-01-01 06:00:00'`],
  ['date', `, origin => '2026-01-05'::date`, `origin: '2026-01-05'`],
])('buckets of a %s', async (type, more, written) => {
  const orm = db.orm([]);
  await run(
    orm,
    `CREATE TABLE note (at ${type} PRIMARY KEY);;
     SELECT create_hypertable('note', by_range('at'));;
     CREATE MATERIALIZED VIEW weekly WITH (timescaledb.continuous) AS
     SELECT time_bucket('1 week', at${more}) AS bucket, count(*) AS n FROM note GROUP BY 1 WITH NO DATA`,
  );
  expect(await expectRoundTrip(orm)).toContain(written);
});

test('what cannot be declared is told of, and what stands on it too', async () => {
  const orm = db.orm([]);
  const view = (name: string, query: string): string =>
    `CREATE MATERIALIZED VIEW ${name} WITH (timescaledb.continuous) AS ${query} WITH NO DATA;;`;
  const bucket = `time_bucket('1 hour', time) AS bucket`;
  await run(
    orm,
    `${reading} CREATE TABLE device (id int PRIMARY KEY, name text);; CREATE SCHEMA other;;
     ${view('only_warm', `SELECT ${bucket}, count(*) AS n FROM reading WHERE temp > 5 GROUP BY 1`)}
     ${view('often', `SELECT ${bucket}, count(*) AS n FROM reading GROUP BY 1 HAVING count(*) > 1`)}
     ${view('joined', `SELECT ${bucket}, name, count(*) AS n FROM reading JOIN device ON id = device_id GROUP BY 1, 2`)}
     ${view('hidden', `SELECT ${bucket}, count(*) AS n FROM reading GROUP BY 1, time_bucket('1 hour', time), place`)}
     ${view('named', `SELECT time_bucket('1 hour', time) AS hour, count(*) AS n FROM reading GROUP BY 1`)}
     ${view('on_named', `SELECT time_bucket('1 day', hour) AS bucket, sum(n) AS n FROM named GROUP BY 1`)}
     ${view('group_named', `SELECT ${bucket}, device_id AS d, count(*) AS n FROM reading GROUP BY 1, 2`)}
     ${view('grouped', `SELECT ${bucket}, device_id + 1 AS d, count(*) AS n FROM reading GROUP BY 1, 2`)}
     ${view('value_named', `SELECT ${bucket}, count(*) AS "N of" FROM reading GROUP BY 1`)}
     ${view('whole', `SELECT ${bucket}, count(r.*) AS n FROM reading AS r GROUP BY 1`)}
     ${view('nothing', `SELECT ${bucket} FROM reading GROUP BY 1`)}
     ${view('odd_bucket', `SELECT time_bucket(interval '1 day' - interval '1 hour', time) AS bucket, count(*) AS n FROM reading GROUP BY 1`)}
     ${view('other.away', `SELECT ${bucket}, count(*) AS n FROM reading GROUP BY 1`)}
     ${view('fine', `SELECT ${bucket}, count(*) AS n FROM reading GROUP BY 1`)}
     SELECT add_retention_policy('reading', interval '10 days');;
     SELECT add_continuous_aggregate_policy('fine', interval '20 days', interval '1 hour', interval '1 hour')`,
  );
  const source = await timescale(orm.em).pull();
  for (const [name, why] of [
    ['only_warm', 'its query has WHERE'],
    ['often', 'its query has HAVING'],
    ['joined', 'it reads more than one table'],
    ['hidden', 'it is grouped by place, which it does not select'],
    ['named', `its column 'hour' cannot keep its name, for its bucket would be 'bucket'`],
    ['on_named', 'named, which it reads, cannot be declared'],
    ['group_named', `its column 'd' cannot keep its name, for grouped by 'device_id' it would have that name`],
    ['grouped', 'it is grouped by device_id + 1, which is no column'],
    ['value_named', `its column 'N of' cannot keep its name, for the naming strategy`],
    ['whole', `its column 'n' comes out differently`],
    ['nothing', 'continuousAggregate(Nothing), select: it is empty'],
    ['odd_bucket', 'its bucket has'],
  ]) {
    expect(source).toContain(`// public.${name} cannot be declared: ${why}`);
  }
  expect(source).toContain('// other.away cannot be declared: it is in another schema than the hypertable');
  // A policy that the library refuses stays unmanaged.
  expect(source).toContain(
    '// The refresh of fine is not here. continuousAggregate(Fine), refresh.start: the source drops',
  );
  const again = db.orm(await evaluate(source), {}, { schemaGenerator: { skipTables: ['device'] } });
  expect(await timescale(again.em).diff()).toEqual([]);
  // As the comment says, another name is all that one of them lacks.
  await orm.em.execute('ALTER MATERIALIZED VIEW named RENAME COLUMN hour TO bucket');
  expect(await timescale(orm.em).pull()).toContain(`continuousAggregate('OnNamed', Named, {`);
});

const properties = {
  time: p.datetime(6).primary(),
  deviceId: p.integer().primary(),
  temp: p.double().nullable(),
};

test('aggregates that the ORM knows, whatever the columns are called, with a schema per tenant', async () => {
  const known = (): EntitySchema[] => {
    const Reading = defineEntity({ name: 'Reading', schema: '*', properties });
    hypertable(Reading, { by: 'time', chunkInterval: '1 day' });
    const Hourly = continuousAggregate('Hourly', Reading, {
      bucket: ['1 hour', 'time'],
      groupBy: ['deviceId'],
      select: { total: sum('temp'), warm: rawAggregate<number>(({ temp }) => `count(*) FILTER (WHERE ${temp} > 5)`) },
      viewName: `Hour's "view"?`,
    });
    const Daily = continuousAggregate('Daily', Hourly, {
      bucket: ['1 day', 'bucket'],
      select: { total: sum('total') },
    });
    return [Reading as EntitySchema, Hourly, Daily];
  };
  const named: Options = { namingStrategy: AskingNames };
  const orm = db.orm(known(), {}, named);
  const schema = "Tom's";
  await orm.schema.create({ schema });
  await orm.schema.create({ schema: 'other' });
  // One that is not known is there for each tenant, too.
  for (const each of [`"Tom's"`, 'other']) {
    await run(
      orm,
      `CREATE MATERIALIZED VIEW ${each}."Tom's Extra?" WITH (timescaledb.continuous) AS
       SELECT time_bucket('2 hours', "select") AS "It's BUCKET", count(*) AS "It's N"
       FROM ${each}."Tom's Reading?" GROUP BY 1 WITH NO DATA`,
    );
  }
  const source = await timescale(orm.em).pull({ entitiesFrom: './entities.ts' });
  expect(source).toContain(`import { Reading } from './entities.ts';`);
  expect(source).toContain(`export const Hourly = continuousAggregate('Hourly', Reading, {
  bucket: ['1 hour', 'time'],
  groupBy: ['deviceId'],
  select: {
    total: sum('temp'),
    warm: rawAggregate(({ temp }) => \`count(*) FILTER (WHERE (\${temp} > (5)::double precision))\`),
  },
  viewName: 'Hour\\'s "view"?',`);
  expect(source).toContain(`export const Daily = continuousAggregate('Daily', Hourly, {`);
  expect(source.match(/continuousAggregate\(/g)).toHaveLength(2);
  expect(source).toContain(
    `// other.Tom's Extra? cannot be declared: its column 'It's N' cannot keep its name`.replace(
      "'It's N'",
      `'It\\'s N'`,
    ),
  );
  const file = `import { defineEntity, p } from '@mikro-orm/postgresql';
    export const Reading = defineEntity({
      name: 'Reading', schema: '*',
      properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double().nullable() },
    });`;
  const pulled = await evaluate(`${source}export { Reading };\n`, { 'entities.ts': file });
  const again = db.orm(pulled, {}, named);
  expect(await timescale(again.em).diff({ schema })).toEqual([]);
  expect(await timescale(again.em).diff({ schema: 'other' })).toEqual([]);
  // One alone imports what it reads.
  const Daily = orm.getMetadata().getByClassName('Daily').class;
  const alone = await timescale(orm.em).pull({ entity: Daily, schema, entitiesFrom: './entities.ts' });
  expect(alone).toContain(`import { Hourly } from './entities.ts';`);
  expect(alone.match(/^(export|hypertable)/gm)).toHaveLength(1);
  await orm.em.execute(`ALTER MATERIALIZED VIEW other."Hour's ""view""?" SET (timescaledb.materialized_only = false)`);
  expect(await timescale(orm.em).pull()).toMatch(/\/\/ In the schema '.*' it is:\n\/\/ export const Hourly/);
  await expect(timescale(orm.em).pull({ entity: Daily, schema: 'nowhere' })).rejects.toThrow(NotThere);
});

test('an aggregate of the model is told apart from one made by hand in another order of columns', async () => {
  const entities = (isSum: boolean): EntitySchema[] => {
    const Reading = defineEntity({ name: 'Reading', properties });
    hypertable(Reading, { by: 'time' });
    const Hourly = continuousAggregate('Hourly', Reading, {
      bucket: ['1 hour', 'time'],
      groupBy: ['deviceId'],
      select: { n: isSum ? sum('deviceId') : count(), total: sum('temp') },
    });
    return [Reading as EntitySchema, Hourly];
  };
  const orm = db.orm(entities(false));
  await orm.em.execute(
    `CREATE TABLE reading (time timestamptz(6), device_id int, temp float8, PRIMARY KEY (time, device_id))`,
  );
  await orm.em.execute(`SELECT create_hypertable('reading', by_range('time'))`);
  await orm.em.execute(`CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous) AS
    SELECT device_id, sum(temp) AS total, time_bucket(bucket_width => '1 hour', ts => time) AS bucket, count(*) AS n
    FROM reading GROUP BY bucket, device_id WITH NO DATA`);
  expect(await timescale(orm.em).diff()).toEqual([]);
  const [step] = await timescale(db.orm(entities(true)).em).diff();
  expect(step).toMatchObject({ hypertable: 'public.hourly', safety: 'destructive' });
});

test('an aggregate that is not known is one entity for all tenants, and two for two tables', async () => {
  const Reading = defineEntity({ name: 'Reading', schema: '*', properties });
  hypertable(Reading, { by: 'time' });
  const orm = db.orm([Reading as EntitySchema]);
  for (const schema of ['one', 'two']) {
    await orm.schema.create({ schema });
    for (const table of ['reading', 'loose']) {
      const create = `CREATE TABLE ${schema}.loose (time timestamptz(6) PRIMARY KEY);;
        SELECT create_hypertable('${schema}.loose', by_range('time'));;`;
      await run(
        orm,
        `${table === 'loose' ? create : ''}
         CREATE MATERIALIZED VIEW ${schema}.daily_${table} WITH (timescaledb.continuous) AS
         SELECT time_bucket('1 day', time) AS bucket, count(*) AS n FROM ${schema}.${table} GROUP BY 1 WITH NO DATA`,
      );
    }
  }
  const source = await timescale(orm.em).pull({ entitiesFrom: './entities.ts' });
  expect(source.match(/continuousAggregate\('\w+', \w+/g)?.toSorted()).toEqual([
    `continuousAggregate('DailyLoose', Loose`,
    `continuousAggregate('DailyLoose2', Loose2`,
    `continuousAggregate('DailyReading', Reading`,
  ]);
  const file = `import { defineEntity, p } from '@mikro-orm/postgresql';
    export const Reading = defineEntity({
      name: 'Reading', schema: '*',
      properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double().nullable() },
    });`;
  const again = db.orm(await evaluate(`${source}export { Reading };\n`, { 'entities.ts': file }));
  for (const schema of ['one', 'two']) expect(await timescale(again.em).diff({ schema })).toEqual([]);
  expect(await timescale(again.em).diff()).toEqual([]);
});
