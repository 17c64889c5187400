import { EntitySchema, MetadataStorage, type EntityClass, type EntityMetadata } from '@mikro-orm/core';

/** What `defineEntity` or `continuousAggregate` gives, or a class: one that was set on a schema, or a decorated one. */
export type EntityLike = Pick<EntitySchema, 'meta'> | EntityClass;

/** The same, where its properties matter. */
export type TypedEntity<Entity> = Pick<EntitySchema<Entity>, 'meta' | '~entity'> | EntityClass<Entity>;

/** What is known of the entity before MikroORM discovers it. */
export function metadataOf(entity: EntityLike): EntityMetadata {
  if (isSchema(entity)) return entity.meta;
  const known = EntitySchema.REGISTRY.get(entity)?.meta ?? (entity as Decorated)[MetadataStorage.META_SYMBOL];
  if (known) return known;
  throw new TypeError(`${entity.name} is no entity: decorate it with @Entity(), or define it with defineEntity().`);
}

/** By which MikroORM finds its metadata. */
export function classOf(entity: EntityLike): EntityClass {
  return isSchema(entity) ? entity.meta.class : entity;
}

export function isEntity(value: object): value is EntityLike {
  return 'meta' in value || typeof value === 'function';
}

function isSchema(entity: EntityLike): entity is Pick<EntitySchema, 'meta'> {
  return 'meta' in entity;
}

type Decorated = EntityClass & { [MetadataStorage.META_SYMBOL]?: EntityMetadata };
