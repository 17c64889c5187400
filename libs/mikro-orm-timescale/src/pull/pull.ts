import type { EntityManager } from '@mikro-orm/postgresql';
import type { EntityLike } from '../definition/entity-like.ts';
import { pullHypertables } from './pull-hypertables.ts';
import { list, quoted } from './typescript.ts';

export interface PullOptions {
  /** Only this entity's table. */
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
 * @throws NotThere where the entity asked for has no hypertable, NoTimescale
 */
export async function pull(em: EntityManager, options: PullOptions): Promise<string> {
  // Each kind of thing has its own function; a further kind goes below those that it is made of.
  const blocks: PulledBlock[] = [...(await pullHypertables(em, options))];
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

function importOf(names: readonly string[], from: string): string | undefined {
  return names.length === 0 ? undefined : `import { ${names.join(', ')} } from ${quoted(from)};`;
}

function notImported(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `// Import from where they are declared: ${list(names)}`;
}
