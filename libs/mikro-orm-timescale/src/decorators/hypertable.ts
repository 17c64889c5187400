import { EntityMetadata, type EntityClass } from '@mikro-orm/core';
import { declareHypertable } from '../definition/hypertable.ts';
import type { HypertableOptions } from '../definition/options.ts';

/**
 * Declares that the table of the decorated entity is a hypertable, as `hypertable()` does for one of `defineEntity`. It
 * may stand above or below `@Entity()`. On an abstract base class it holds for every entity that extends it.
 *
 * @throws InvalidHypertable where the class is decorated, as far as its properties say enough, else in `MikroORM.init`
 */
export function Hypertable<Entity>(
  options: HypertableOptions<Extract<keyof Entity, string>>,
): (target: EntityClass<Entity>, context: ClassDecoratorContext) => void {
  return (target, context) => declareHypertable(target, decoratedSoFar(target, context), options);
}

/** What the decorators of the properties left, those of base classes included. `@Entity()` takes it over from there. */
function decoratedSoFar({ name }: EntityClass, { metadata }: ClassDecoratorContext): EntityMetadata | undefined {
  const { properties, uniques } = (metadata ?? {}) as Partial<EntityMetadata>;
  if (!properties) return undefined;
  return new EntityMetadata({ className: name, properties, ...(uniques && { uniques }) });
}
