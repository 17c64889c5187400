import { Utils, type EntityMetadata } from '@mikro-orm/core';
import { InvalidHypertable } from '../faults.ts';
import { propertiesOf, uniquesOf } from './inheritance.ts';

/** TimescaleDB keeps a key unique within a chunk, so that each has to hold everything that chooses the chunk. */
export function checkUniqueKeys(meta: EntityMetadata, partitioning: readonly string[]): void {
  for (const { name, properties } of uniqueKeys(meta)) {
    const missing = partitioning.find((property) => !properties.includes(property));
    if (missing === undefined) continue;
    throw new InvalidHypertable(
      meta.className,
      partitioning[0] === missing ? 'by' : 'dimensions',
      `the ${name} (${properties.join(', ')}) lacks "${missing}"`,
      `Add "${missing}" to it, or take it away: TimescaleDB keeps a key unique only together with its partitioning`,
    );
  }
}

function uniqueKeys(meta: EntityMetadata): { name: string; properties: string[] }[] {
  const all = Object.entries(propertiesOf(meta));
  const primary = all.filter(([, property]) => property.primary).map(([name]) => name);
  const ofProperties = all
    .filter(([, property]) => property.unique)
    .map(([name]) => ({ name: 'unique property', properties: [name] }));
  const ofEntity = uniquesOf(meta).flatMap(({ name, properties }) =>
    properties === undefined
      ? []
      : [{ name: name ? `unique key "${name}"` : 'unique key', properties: Utils.asArray(properties).map(String) }],
  );
  return [...(primary.length > 0 ? [{ name: 'primary key', properties: primary }] : []), ...ofProperties, ...ofEntity];
}
