import type { EntityMetadata } from '@mikro-orm/core';
import { baseOf } from './inheritance.ts';
import { failDefinition } from './property-of.ts';

/** A hypertable is a table, and the entity has to have one of its own. */
export function checkEntity(meta: EntityMetadata): void {
  const fail = (problem: string, remedy: string): void => failDefinition(meta, 'the entity', problem, remedy);
  if (meta.embeddable) fail('an embeddable has no table', 'Declare the entity that it is embedded in');
  if (meta.view || meta.virtual || meta.expression !== undefined) {
    fail('a view has no table', 'Declare the entity that it selects from');
  }
  const root = rootOf(meta);
  if (root !== meta && root.discriminatorColumn) {
    fail(`its rows are in the table of ${root.className}`, `Declare ${root.className}`);
  }
  if (meta.abstract && !root.discriminatorColumn && root.inheritance !== 'tpt') {
    fail('it is abstract, and has no table', 'Declare each entity that extends it');
  }
}

function rootOf(meta: EntityMetadata): EntityMetadata {
  const base = baseOf(meta);
  return base ? rootOf(base) : meta;
}
