import { EntitySchema, MetadataStorage, type EntityClass, type EntityMetadata } from '@mikro-orm/core';

/** What `defineEntity` gives, or a class: one that was set on a schema, or a decorated one. */
export type EntityLike<Entity = unknown> = Pick<EntitySchema<Entity>, 'meta' | '~entity'> | EntityClass<Entity>;

/** What is known of the entity before MikroORM discovers it. */
export function metadataOf<Entity>(entity: EntityLike<Entity>): EntityMetadata {
  if ('meta' in entity) return entity.meta as EntityMetadata;
  const known = EntitySchema.REGISTRY.get(entity)?.meta ?? (entity as Decorated)[MetadataStorage.META_SYMBOL];
  if (known) return known;
  throw new TypeError(`${entity.name} is no entity: decorate it with @Entity(), or define it with defineEntity().`);
}

type Decorated = EntityClass & { [MetadataStorage.META_SYMBOL]?: EntityMetadata };
