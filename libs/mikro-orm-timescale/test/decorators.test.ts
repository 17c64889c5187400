import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import {
  defineEntity,
  p,
  PrimaryKeyProp,
  UnderscoreNamingStrategy,
  type MikroORM,
  type Options,
} from '@mikro-orm/postgresql';
import { ContinuousAggregate, Hypertable } from '../src/decorators/index.ts';
import { count, hash, hypertable, InvalidHypertable, max, timescale } from '../src/index.ts';
import { aggregatesInCatalog, pending, stateInCatalog, TestDatabase } from './database.ts';
import { onCommunity, onlyCommunity } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

type Entities = Extract<Options['entities'], unknown[]>;

/** An ORM of decorated classes. */
function ormOf(entities: Entities, options: Options = {}): MikroORM {
  return db.orm([], {}, { entities, ...options });
}

class Names extends UnderscoreNamingStrategy {
  override classToTableName(name: string): string {
    return `Tom's ${name}`;
  }
  override propertyToColumnName(name: string): string {
    return `It's ${name}`;
  }
  override joinKeyColumnName(name: string): string {
    return this.propertyToColumnName(name);
  }
}

@Entity({ schema: 'My Schema' })
class Device {
  @PrimaryKey({ type: 'integer' })
  id!: number;
}

const policies = onlyCommunity({
  columnstore: { segmentBy: ['device'], orderBy: { temp: 'asc' }, after: '7 days' },
  retention: { dropAfter: '3 months' },
  reorder: { index: 'by_device' },
} as const);

@Hypertable({
  by: 'time',
  chunkInterval: '1 day',
  dimensions: [hash('device', 4)],
  ...policies,
})
@Entity({ schema: 'My Schema', tableName: 'reading' })
@Index({ name: 'by_device', properties: ['device', 'time'] })
class Reading {
  [PrimaryKeyProp]?: ['time', 'device'];

  @PrimaryKey({ type: 'datetime', length: 6 })
  time!: Date;

  @ManyToOne(() => Device, { primary: true })
  device!: Device;

  @Property({ type: 'double', nullable: true })
  temp?: number;
}

/** The same with `defineEntity`. */
function definedReading(): Entities {
  const Device = defineEntity({ name: 'Device', schema: 'My Schema', properties: { id: p.integer().primary() } });
  const Reading = defineEntity({
    name: 'Reading',
    schema: 'My Schema',
    tableName: 'reading',
    indexes: [{ name: 'by_device', properties: ['device', 'time'] }],
    properties: {
      time: p.datetime(6).primary(),
      device: () => p.manyToOne(Device).primary(),
      temp: p.double().nullable(),
    },
  });
  hypertable(Reading, {
    by: 'time',
    chunkInterval: '1 day',
    dimensions: [hash('device', 4)],
    ...policies,
  });
  return [Device, Reading];
}

test('a decorated entity is the hypertable that the same definition beside defineEntity gives, whatever the names', async () => {
  const defined = ormOf(definedReading(), { namingStrategy: Names });
  await defined.schema.create();
  const expected = await stateInCatalog(defined, 'reading', 'My Schema');
  await db.empty();

  const orm = ormOf([Device, Reading], { namingStrategy: Names });
  await orm.schema.create();
  expect(await pending(orm)).toBe('');
  expect(await timescale(orm.em).diff()).toEqual([]);
  expect(await stateInCatalog(orm, 'reading', 'My Schema')).toEqual(expected);
  expect(expected).toMatchObject({ by: { column: "It's time" }, dimensions: [{ column: "It's device" }] });

  const em = orm.em.fork();
  em.create(Reading, { time: new Date('2026-01-01T12:00Z'), device: em.create(Device, { id: 1 }), temp: 20 });
  await em.flush();
  expect(await timescale(orm.em).chunks()).toMatchObject([{ start: new Date('2026-01-01T00:00Z'), compressed: false }]);
});

test('a schema per tenant has a hypertable per tenant', async () => {
  @Entity({ schema: '*' })
  @Hypertable({ by: 'time', chunkInterval: '1 day' })
  class Sample {
    @PrimaryKey({ type: 'datetime' })
    time!: Date;
  }
  const orm = ormOf([Sample]);
  for (const schema of ['tenant one', 'tenant two']) {
    await orm.schema.create({ schema });
    expect(await stateInCatalog(orm, 'sample', schema)).toMatchObject({ by: { interval: '1 day' } });
  }
});

test('an abstract base class makes hypertables of all that extend it, but for one with a definition of its own', async () => {
  @Hypertable({ by: 'time', chunkInterval: '1 day' })
  abstract class Series {
    @PrimaryKey({ type: 'datetime' })
    time!: Date;
  }
  @Entity()
  class Wind extends Series {
    @Property({ type: 'double' })
    speed!: number;
  }
  @Entity()
  @Hypertable({ by: 'time', chunkInterval: '2 days' })
  class Rain extends Series {
    @Property({ type: 'double' })
    amount!: number;
  }
  const orm = ormOf([Wind, Rain]);
  await orm.schema.create();
  expect(await stateInCatalog(orm, 'wind')).toMatchObject({ by: { column: 'time', interval: '1 day' } });
  expect(await stateInCatalog(orm, 'rain')).toMatchObject({ by: { column: 'time', interval: '2 days' } });
});

test('an entity that extends one with a table of its own is no hypertable for that', async () => {
  @Entity()
  @Hypertable({ by: 'time' })
  class Wind {
    @PrimaryKey({ type: 'datetime' })
    time!: Date;
  }
  @Entity()
  class Gust extends Wind {
    @Property({ type: 'double' })
    speed!: number;
  }
  const orm = ormOf([Wind, Gust]);
  await orm.schema.create();
  expect(await stateInCatalog(orm, 'wind')).toBeDefined();
  expect(await stateInCatalog(orm, 'gust')).toBeUndefined();
});

test('entities that share a table have the hypertable declared at their root', async () => {
  @Entity({ discriminatorColumn: 'kind' })
  @Hypertable({ by: 'time', chunkInterval: '1 day' })
  class Weather {
    @PrimaryKey({ type: 'datetime' })
    time!: Date;

    @Property({ type: 'string' })
    kind!: string;
  }
  @Entity({ discriminatorValue: 'wind' })
  class Wind extends Weather {
    @Property({ type: 'double' })
    speed!: number;
  }
  const orm = ormOf([Weather, Wind]);
  await orm.schema.create();
  expect(await stateInCatalog(orm, 'weather')).toMatchObject({ by: { interval: '1 day' } });

  @Entity({ discriminatorValue: 'rain' })
  @Hypertable({ by: 'time' })
  class Rain extends Weather {
    @Property({ type: 'double' })
    amount!: number;
  }
  expect(() => ormOf([Weather, Rain])).toThrow(
    'hypertable(Rain), the entity: its rows are in the table of Weather. Declare Weather.',
  );
});

test('a wrong definition is refused where the class is decorated, in whichever order', () => {
  expect(() => {
    // @ts-expect-error there is no such property
    @Hypertable({ by: 'when' })
    @Entity()
    class Sample {
      @PrimaryKey({ type: 'datetime' })
      time!: Date;
    }
    return Sample;
  }).toThrow('hypertable(Sample), by: there is no property "when". Use one of time.');
  expect(() => {
    @Entity()
    @Hypertable({ by: 'time' })
    class Sample {
      @PrimaryKey({ type: 'integer' })
      id!: number;

      @Property({ type: 'datetime' })
      time!: Date;
    }
    return Sample;
  }).toThrow('hypertable(Sample), by: the primary key (id) lacks "time"');
  expect(() => {
    @Entity()
    @Hypertable<Sample>({
      by: 'time',
      // @ts-expect-error there is no such property
      columnstore: { segmentBy: ['device'] },
    })
    class Sample {
      @PrimaryKey({ type: 'datetime' })
      time!: Date;
    }
    return Sample;
  }).toThrow('hypertable(Sample), columnstore.segmentBy: there is no property "device"');
});

test('what is known only later is refused when MikroORM discovers the entities', () => {
  @Entity()
  @Unique({ properties: ['name'] })
  @Hypertable({ by: 'time' })
  class Named {
    @PrimaryKey({ type: 'datetime' })
    time!: Date;

    @Property({ type: 'string' })
    name!: string;
  }
  expect(() => ormOf([Named])).toThrow(InvalidHypertable);
  expect(() => ormOf([Named])).toThrow('hypertable(Named), by: the unique key (name) lacks "time"');
});

@Hypertable({ by: 'time', chunkInterval: '1 day' })
@Entity()
class Sample {
  [PrimaryKeyProp]?: ['time', 'device'];

  @PrimaryKey({ type: 'datetime', length: 6 })
  time!: Date;

  @ManyToOne(() => Device, { primary: true })
  device!: Device;

  @Property({ type: 'double', nullable: true })
  temp!: number | null;
}

@ContinuousAggregate(Sample, {
  bucket: ['1 day', 'time'],
  groupBy: ['device'],
  select: { n: count(), warmest: max('temp') },
  realtime: true,
  refresh: { start: '10 days', end: '1 day', every: '1 hour' },
})
class Daily {
  bucket!: Date;
  device!: Device;
  n!: number;
  warmest!: number | null;

  get isWarm(): boolean {
    return this.warmest !== null && this.warmest > 20;
  }
}

onCommunity('a class is the entity of a continuous aggregate', async () => {
  const orm = ormOf([Device, Sample, Daily]);
  await orm.schema.update();
  expect(await pending(orm)).toBe('');
  expect(await aggregatesInCatalog(orm)).toMatchObject([
    { view: 'daily', source: 'sample', realtime: true, refresh: { schedule: { every: '1 hour' } } },
  ]);
  const em = orm.em.fork();
  await em.insert(Device, { id: 7 });
  await em.insert(Sample, { time: new Date('2026-01-01T12:00Z'), device: 7, temp: 21 });
  const [row] = await em.find(Daily, { warmest: { $gt: 20 } }, { populate: ['device'] });
  expect(row).toBeInstanceOf(Daily);
  expect(row).toMatchObject({ bucket: new Date('2026-01-01Z'), n: 1, warmest: 21, isWarm: true, device: { id: 7 } });
});

test('a class that lacks what is selected does not compile, and a wrong option fails where it is written', () => {
  // @ts-expect-error the class has no property "n"
  @ContinuousAggregate(Sample, { bucket: ['1 day', 'time'], select: { n: count() } })
  class Wrong {
    bucket!: Date;
  }
  expect(Wrong).toBeDefined();
  expect(() => {
    @ContinuousAggregate(Sample, { bucket: ['1 dayz' as '1 day', 'time'], select: { n: count() } })
    class Odd {
      bucket!: Date;
      n!: number;
    }
    return Odd;
  }).toThrow('continuousAggregate(Odd), bucket: "1 dayz" is no interval');
});
