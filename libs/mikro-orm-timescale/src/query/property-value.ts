import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { ColumnProperty } from './properties.ts';

/** Makes of what the driver gives what the entity has, as when MikroORM loads it; of a relation the primary key. */
export function propertyReader(
  em: SqlEntityManager,
  meta: EntityMetadata,
  { name, column, property }: ColumnProperty,
): (value: unknown) => unknown {
  const driver = em.getDriver();
  const { customType } = property as Optional;
  return (value): unknown => {
    if (value === null || value === undefined) return null;
    const mapped: Readonly<Record<string, unknown>> = driver.mapResult({ [column]: value }, meta) ?? {};
    return customType ? (customType.convertToJSValue(mapped[name], driver.getPlatform()) as unknown) : mapped[name];
  };
}

/** The SQL around a property's value, where its type has one to be read with. */
export function readingSql(em: SqlEntityManager, { property }: ColumnProperty, value: string): string {
  const { customType } = property as Optional;
  return customType?.convertToJSValueSQL?.(value, em.getPlatform()) ?? value;
}

type Optional = Partial<Pick<EntityProperty, 'customType'>>;
