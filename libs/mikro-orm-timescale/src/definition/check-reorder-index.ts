import type { DatabaseTable, EntityMetadata } from '@mikro-orm/postgresql';
import { InvalidHypertable } from '../faults.ts';
import type { HypertableOptions } from './options.ts';

/** Only when the naming strategy has named the indexes can be said whether there is one of that name. */
export function checkReorderIndex(meta: EntityMetadata, { reorder }: HypertableOptions, table: DatabaseTable): void {
  const names = table.getIndexes().map(({ keyName }) => keyName);
  if (!reorder || names.includes(reorder.index)) return;
  throw new InvalidHypertable(
    meta.className,
    'reorder.index',
    `there is no index "${reorder.index}"`,
    names.length > 0 ? `Use one of ${names.join(', ')}` : 'Give the entity an index',
  );
}
