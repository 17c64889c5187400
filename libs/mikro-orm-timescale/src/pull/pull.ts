import type { EntityManager } from '@mikro-orm/postgresql';
import type { EntityLike } from '../definition/entity-like.ts';
import { NotThere } from '../live/faults.ts';
import { sessionOf, spelled } from '../live/session.ts';
import { nameOf } from '../orm/name-of.ts';
import { pullAggregates } from './pull-aggregates.ts';
import { pullHypertables } from './pull-hypertables.ts';
import { PulledEntities } from './pulled-entities.ts';
import { readTables } from './read-tables.ts';
import { list, quoted } from './typescript.ts';

export interface PullOptions {
  /** Only this entity's table, or view. */
  entity?: EntityLike;
  /** Only what is in this schema; of an entity with the schema `*`, which tenant's. */
  schema?: string;
  /** The module that exports the entities which are known, such as './entities.ts'. Absent: they are not imported. */
  entitiesFrom?: string;
}

/** A piece of the file. */
export interface PulledBlock {
  /** What it uses of MikroORM, of this library, and of the entities that are known. */
  imports: { orm?: string[]; library?: string[]; entities?: string[] };
  source: string;
}

/**
 * The source of a TypeScript module that declares what is in the database.
 *
 * @throws NotThere where the entity asked for has no hypertable and is none, NoTimescale
 */
export async function pull(em: EntityManager, options: PullOptions): Promise<string> {
  const session = await sessionOf(em, 'pull()');
  const found = await readTables(em, session);
  const entities = new PulledEntities(em);
  const isWanted = wantedBy(em, options);
  // Each kind of thing has its own function; a further kind goes below those that it is made of.
  const blocks: PulledBlock[] = [
    ...pullHypertables(em, found, entities, isWanted),
    ...(await pullAggregates(em, session, found, entities, isWanted)),
  ];
  if (options.entity && blocks.length === 0) {
    const name = spelled(nameOf(em, options.entity, options.schema));
    throw new NotThere(`There is no hypertable or continuous aggregate ${name}`, 'migrate, or name its schema');
  }
  const names = (of: keyof PulledBlock['imports']): string[] =>
    [...new Set(blocks.flatMap(({ imports }) => imports[of] ?? []))].toSorted();
  const imports = [
    importOf(names('orm'), '@mikro-orm/postgresql'),
    importOf(names('library'), '@tidemark/mikro-orm-timescale'),
    options.entitiesFrom === undefined
      ? notImported(names('entities'))
      : importOf(names('entities'), options.entitiesFrom),
  ].filter((line) => line !== undefined);
  const parts = [imports.join('\n'), ...blocks.map(({ source }) => source)].filter((part) => part !== '');
  return parts.length === 0 ? '// There is no hypertable.\n' : `${parts.join('\n\n')}\n`;
}

function wantedBy(em: EntityManager, { entity, schema }: PullOptions): (schema: string, name: string) => boolean {
  const only = entity && nameOf(em, entity, schema);
  if (only) return (each, name) => each === only.schema && name === only.name;
  return (each) => schema === undefined || each === schema;
}

function importOf(names: readonly string[], from: string): string | undefined {
  return names.length === 0 ? undefined : `import { ${names.join(', ')} } from ${quoted(from)};`;
}

function notImported(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `// Import from where they are declared: ${list(names)}`;
}
