import type { Configuration, EntityMetadata, MetadataStorage } from '@mikro-orm/core';
import { DatabaseSchema, type BasePostgreSqlPlatform } from '@mikro-orm/postgresql';
import { checkDefinition } from '../definition/check-definition.ts';
import { checkReorderIndex } from '../definition/check-reorder-index.ts';
import { isTable } from '../definition/check-entity.ts';
import { definitionOf, inheritDefinition } from '../definition/hypertable.ts';
import { checkSources, desiredAggregates } from '../state/desired-aggregates.ts';
import { desiredState } from '../state/desired-state.ts';

/** Has a definition that cannot work fail `MikroORM.init`, by the hook that MikroORM calls with all it has discovered. */
export function checkWhenDiscovered(config: Configuration, platform: BasePostgreSqlPlatform): void {
  const discovery = config.get('discovery');
  config.set('discovery', {
    ...discovery,
    afterDiscovered(entities, ...rest) {
      // The application's own hook may change the entities.
      const done = discovery.afterDiscovered?.(entities, ...rest);
      if (done instanceof Promise) return done.then(() => checkAll(entities, config, platform));
      checkAll(entities, config, platform);
      return undefined;
    },
  });
}

function checkAll(entities: MetadataStorage, config: Configuration, platform: BasePostgreSqlPlatform): void {
  for (const meta of entities) {
    if (isTable(meta)) inheritDefinition(meta, (base) => entities.has(base));
    check(meta, config, platform);
  }
  for (const meta of entities) if (definitionOf(meta)) desiredAggregates(entities, meta, config.getNamingStrategy());
  checkSources(entities);
}

function check(meta: EntityMetadata, config: Configuration, platform: BasePostgreSqlPlatform): void {
  const definition = definitionOf(meta);
  if (!definition) return;
  checkDefinition(meta, definition);
  // It knows which properties are more than one column.
  desiredState(meta, definition);
  const [table] = DatabaseSchema.fromMetadata([meta], platform, config).getTables();
  if (table) checkReorderIndex(meta, definition, table);
}
