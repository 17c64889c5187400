import type { EntityClass, EntityMetadata, EntitySchema } from '@mikro-orm/core';
import { checkDefinition } from './check-definition.ts';
import { baseOf } from './inheritance.ts';
import type { HypertableOptions } from './options.ts';
import { InvalidHypertable } from '../faults.ts';

/**
 * Declares that the entity's table is a hypertable. Call it once, beside the entity and before `MikroORM.init`.
 *
 * @throws InvalidHypertable
 */
export function hypertable<Entity>(
  entity: Pick<EntitySchema<Entity>, 'meta' | '~entity'>,
  options: HypertableOptions<Extract<keyof Entity, string>>,
): void {
  declareHypertable(entity.meta.class, entity.meta, options);
}

/**
 * @param entity its class
 * @param meta what is known of the entity by now; undefined where that is nothing yet
 * @throws InvalidHypertable
 */
export function declareHypertable(
  entity: EntityClass,
  meta: EntityMetadata | undefined,
  options: HypertableOptions,
): void {
  if (definitions.has(entity)) {
    throw new InvalidHypertable(entity.name, 'the entity', 'it is declared already', 'Keep one of the two definitions');
  }
  // What a decorated base class brings along is known only once MikroORM has discovered it.
  if (meta && (!meta.extends || baseOf(meta))) checkDefinition(meta, options);
  definitions.set(entity, options);
}

/** What was declared for an entity, if anything. */
export function definitionOf(meta: EntityMetadata): HypertableOptions | undefined {
  return definitions.get(meta.class);
}

/**
 * Takes over the definition of a base class without a table, such as an abstract one.
 *
 * @param hasTable whether a base class is an entity by itself, whose definition is for its own table only
 */
export function inheritDefinition(meta: EntityMetadata, hasTable: (base: EntityClass) => boolean): void {
  let each: EntityClass | null = meta.class;
  while (each && !definitions.has(each)) {
    each = Object.getPrototypeOf(each) as EntityClass | null;
    if (each && hasTable(each)) return;
  }
  const definition = each && definitions.get(each);
  if (definition) definitions.set(meta.class, definition);
}

const definitions = new WeakMap<object, HypertableOptions>();
