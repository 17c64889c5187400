import { EntitySchema, type EntityMetadata, type EntityProperty } from '@mikro-orm/core';

/** The entity that this one extends. */
export function baseOf(meta: EntityMetadata): EntityMetadata | undefined {
  const given: unknown = meta.extends;
  if (given === undefined) return undefined;
  const schema = EntitySchema.is(given) ? given : EntitySchema.REGISTRY.get(given as new () => object);
  const base: EntityMetadata | undefined = schema?.meta;
  return base === meta ? undefined : base;
}

/** With what is inherited, which MikroORM adds only when it discovers the entities. */
export function propertiesOf(meta: EntityMetadata): Readonly<Record<string, EntityProperty>> {
  const base = baseOf(meta);
  return { ...(base && propertiesOf(base)), ...meta.properties };
}

export function uniquesOf(meta: EntityMetadata): EntityMetadata['uniques'] {
  const base = baseOf(meta);
  return [...(base ? uniquesOf(base) : []), ...meta.uniques];
}
