import type { MikroORM } from '@mikro-orm/core';
import { BasePostgreSqlPlatform, SqlEntityManager } from '@mikro-orm/postgresql';
import { checkWhenDiscovered } from './check-when-discovered.ts';
import { TimescaleSchemaGenerator } from './schema-generator.ts';
import { TimescaleSchemaHelper } from './schema-helper.ts';
import { defaults, type TimescaleSettings } from './settings.ts';

/** The extension: `MikroORM.init({ extensions: [Timescale, Migrator], ... })`. */
export const Timescale = {
  register(orm: MikroORM): void {
    register(orm, defaults);
  },

  /** The same with settings: `extensions: [Timescale.with({ onMissing: 'warn' }), Migrator]`. */
  with(settings: TimescaleSettings): { register(orm: MikroORM): void } {
    return { register: (orm) => register(orm, { ...defaults, ...settings }) };
  },
};

function register(orm: MikroORM, settings: Required<TimescaleSettings>): void {
  const platform: unknown = orm.driver.getPlatform();
  if (!(platform instanceof BasePostgreSqlPlatform)) {
    throw new Error('TimescaleDB is an extension of PostgreSQL: use the MikroORM of @mikro-orm/postgresql.');
  }
  // The Migrator reads the database past the schema generator, through the helper of this one ORM's platform. There is
  // no setter for it.
  const schemaHelper = new TimescaleSchemaHelper(platform, settings.extensionSchema, () => {
    const generator: unknown = orm.schema;
    return generator instanceof TimescaleSchemaGenerator ? generator.getTargetSchema() : undefined;
  });
  Object.assign(platform, { schemaHelper });
  checkWhenDiscovered(orm.config, platform);
  orm.config.registerExtension('@mikro-orm/schema-generator', () => {
    // It is there only once all extensions are registered.
    const manager: unknown = orm.em;
    if (isSql(manager)) return new TimescaleSchemaGenerator(manager, settings);
    throw new Error('The entity manager is not that of @mikro-orm/postgresql.');
  });
}

function isSql(manager: unknown): manager is SqlEntityManager {
  return manager instanceof SqlEntityManager;
}
