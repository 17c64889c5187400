import type { EntityMetadata } from '@mikro-orm/core';
import { baseOf } from './inheritance.ts';
import { failDefinition } from './property-of.ts';

/**
 * A hypertable is a table, and the entity has to have one of its own. What an abstract entity declares holds for those
 * that extend it.
 */
export function checkEntity(meta: EntityMetadata): void {
  const fail = (problem: string, remedy: string): void => failDefinition(meta, 'the entity', problem, remedy);
  if (meta.embeddable) fail('an embeddable has no table', 'Declare the entity that it is embedded in');
  if (!isTable(meta)) fail('a view has no table', 'Declare the entity that it selects from');
  const root = rootOf(meta);
  if (root !== meta && root.discriminatorColumn) {
    fail(`its rows are in the table of ${root.className}`, `Declare ${root.className}`);
  }
}

export function isTable({ embeddable, view, virtual, expression }: EntityMetadata): boolean {
  return !embeddable && !view && !virtual && expression === undefined;
}

function rootOf(meta: EntityMetadata): EntityMetadata {
  // MikroORM sets it when it discovers the entities.
  const { root = meta } = meta as Partial<EntityMetadata>;
  if (root !== meta) return root;
  const base = baseOf(meta);
  return base ? rootOf(base) : meta;
}
