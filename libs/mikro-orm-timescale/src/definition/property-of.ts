import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { InvalidHypertable } from '../faults.ts';
import { propertiesOf } from './inheritance.ts';

/** @throws InvalidHypertable where the entity has no such property */
export function propertyOf(meta: EntityMetadata, option: string, name: string): EntityProperty {
  const properties = propertiesOf(meta);
  const property = properties[name];
  if (property) return property;
  return failDefinition(
    meta,
    option,
    `there is no property "${name}"`,
    `Use one of ${Object.keys(properties).join(', ')}`,
  );
}

export function failDefinition(meta: EntityMetadata, option: string, problem: string, remedy: string): never {
  throw new InvalidHypertable(meta.className, option, problem, remedy);
}
