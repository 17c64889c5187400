import type { EntityMetadata, EntitySchema } from '@mikro-orm/core';
import { checkDefinition } from './check-definition.ts';
import type { HypertableOptions } from './options.ts';

/**
 * Declares that the entity's table is a hypertable. Call it once, beside the entity and before `MikroORM.init`.
 *
 * @throws InvalidHypertable
 */
export function hypertable<Entity>(
  entity: Pick<EntitySchema<Entity>, 'meta' | '~entity'>,
  options: HypertableOptions<Extract<keyof Entity, string>>,
): void {
  checkDefinition(entity.meta, options);
  definitions.set(entity.meta.class, options);
}

/** What was declared for an entity, if anything. */
export function definitionOf(meta: EntityMetadata): HypertableOptions | undefined {
  return definitions.get(meta.class);
}

const definitions = new WeakMap<object, HypertableOptions>();
