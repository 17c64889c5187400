// What an application writes: npm-package.test.ts compiles and runs it outside of this workspace.
/* eslint @nx/enforce-module-boundaries: off -- it finds the package as an application does */
import { Entity, PrimaryKey } from '@mikro-orm/decorators/es';
import { Migrator } from '@mikro-orm/migrations';
import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import {
  avg,
  continuousAggregate,
  count,
  hash,
  hypertable,
  Timescale,
  timescale,
  type Chunk,
  type Step,
} from '@tidemark/mikro-orm-timescale';
import { ContinuousAggregate, Hypertable } from '@tidemark/mikro-orm-timescale/decorators';

const Reading = defineEntity({
  name: 'Reading',
  properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary(), temp: p.double() },
});

hypertable(Reading, {
  by: 'time',
  chunkInterval: '1 day',
  dimensions: [hash('deviceId', 2)],
  columnstore: { segmentBy: ['deviceId'], after: '7 days' },
});

const Hourly = continuousAggregate('Hourly', Reading, {
  bucket: ['1 hour', 'time'],
  groupBy: ['deviceId'],
  select: { avgTemp: avg('temp') },
});

@Hypertable({ by: 'time', chunkInterval: '1 day' })
@Entity()
class Sample {
  @PrimaryKey({ type: 'datetime' })
  time!: Date;
}

@ContinuousAggregate(Sample, { bucket: ['1 day', 'time'], select: { n: count() } })
class Daily {
  bucket!: Date;
  n!: number;
}

// @ts-expect-error there is no such property
export const wrong = (): unknown => Hypertable<Sample>({ by: 'when' });

const orm = await MikroORM.init({
  entities: [Reading, Hourly, Sample, Daily],
  extensions: [Timescale, Migrator],
  clientUrl: process.env['DATABASE_URL'] ?? '',
  logger: () => undefined,
});
await orm.schema.create();
await orm.em.fork().insertMany(Reading, [
  { time: new Date('2026-01-01T12:00Z'), deviceId: 1, temp: 20 },
  { time: new Date('2026-01-02T12:00Z'), deviceId: 1, temp: 21 },
]);
const ts = timescale(orm.em);
await ts.refresh(Hourly);
const hourly: (number | null)[] = (await orm.em.fork().findAll(Hourly, { orderBy: { bucket: 'asc' } })).map(
  ({ avgTemp }) => avgTemp,
);
const buckets: { bucket: Date; n: number }[] = await ts.bucket(Reading, {
  every: '1 day',
  range: [new Date('2026-01-01Z'), new Date('2026-01-04Z')],
  select: { n: count() },
  fill: 'zero',
});
const chunks: Chunk[] = await ts.chunks(Reading);
const diff: Step[] = await ts.diff();
const hypertables = await orm.em.execute<{ name: string }[]>(
  'SELECT hypertable_name AS name FROM timescaledb_information.hypertables ORDER BY hypertable_name',
);
console.log(
  JSON.stringify({
    chunks: chunks.length,
    hypertables: hypertables.map(({ name }) => name),
    hourly,
    buckets: buckets.map(({ n }) => n),
    diff,
  }),
);
await orm.close();
