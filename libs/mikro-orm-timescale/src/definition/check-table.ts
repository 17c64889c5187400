import type { EntityMetadata } from '@mikro-orm/core';
import { InvalidHypertable } from '../faults.ts';

/** An entity without a table of its own would have its definition forgotten. */
export function checkTable(meta: EntityMetadata): void {
  if (!isTable(meta)) {
    throw new InvalidHypertable(meta.className, 'by', 'it has no table', 'Declare it for an entity that has one');
  }
  if (meta.root.class === meta.class || meta.root.inheritanceType !== 'sti') return;
  const { className } = meta.root;
  throw new InvalidHypertable(
    meta.className,
    'by',
    `its rows are in the table of ${className}`,
    `Declare the hypertable for ${className}`,
  );
}

export function isTable({ embeddable, view, virtual }: EntityMetadata): boolean {
  return !embeddable && !view && !virtual;
}
