import { MikroORM, type Options } from '@mikro-orm/postgresql';
import { Timescale, timescale, type Safety } from '@tidemark/mikro-orm-timescale';
import type pg from 'pg';
import { entities } from './entities.ts';
import type { ManagedSettings } from './hypertable-settings.ts';
import { rollupsByTheirOwner } from './rollup-changes.ts';

/** A statement that a deployment's settings take. */
export interface Change {
  readonly sql: string;
  readonly safety: Safety;
}

/** What leads from the hypertable as it is to the settings. */
export async function hypertableChanges(config: pg.ClientConfig, settings: ManagedSettings): Promise<Change[]> {
  const orm = ormOf(settings, { clientUrl: config.connectionString ?? '', driverOptions: config });
  try {
    const steps = await timescale(orm.em).diff();
    const ordered = [
      ...steps.filter(({ when }) => when === 'before'),
      ...steps.filter(({ when }) => when !== 'before'),
    ];
    return rollupsByTheirOwner(ordered);
  } finally {
    await orm.close(true);
  }
}

/** The same from a hypertable that the migrations are yet to make. No database is asked. */
export async function changesOfNewHypertable(settings: ManagedSettings): Promise<Change[]> {
  const fresh = ormOf({ chunkInterval: byDefault, retentions: {}, columnstore: false }, { dbName: 'events' });
  const wanted = ormOf(settings, { dbName: 'events' });
  const { up } = await wanted.schema.getUpdateSchemaMigrationSQL({
    wrap: false,
    fromSchema: fresh.schema.getTargetSchema(),
  });
  const statements = up.split('\n').filter((line) => line !== '');
  return rollupsByTheirOwner(statements.map((sql) => ({ sql: sql.replace(/;$/, ''), safety: 'safe' })));
}

/** TimescaleDB's own chunk interval. */
const byDefault = '7 days';

function ormOf(settings: ManagedSettings, connection: Options): MikroORM {
  return new MikroORM({
    ...connection,
    entities: entities(settings),
    // A shorter retention is the operator's wish, and before 2.22 the columnstore has to do without sparse indexes.
    extensions: [Timescale.with({ allowDestructive: true, onMissing: 'skip' })],
    ensureDatabase: false,
  });
}
