import type { DatabaseTable, EntityManager, EntityMetadata, EntityProperty } from '@mikro-orm/postgresql';
import { columnKind, isWithoutZone } from '../definition/column-kind.ts';
import type { Width } from '../definition/options.ts';
import { defaultSchema } from '../orm/name-of.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import { entitySource } from './entity-source.ts';
import { hypertableSource } from './hypertable-source.ts';
import { Unspeakable } from './policy-source.ts';
import type { PulledBlock } from './pull.ts';
import { propertiesByColumn, type PulledEntities } from './pulled-entities.ts';
import type { FoundTable } from './read-tables.ts';
import { comment, quoted } from './typescript.ts';

/**
 * For each hypertable the call of `hypertable()`, with a guess at the entity where the ORM knows none.
 *
 * @param entities gets one for each that is found, wanted or not
 */
export function pullHypertables(
  em: EntityManager,
  found: readonly FoundTable[],
  entities: PulledEntities,
  isWanted: (schema: string, name: string) => boolean,
): PulledBlock[] {
  const puller = new Puller(em, entities);
  return found.flatMap((each) => {
    const blocks = puller.pull(each);
    return isWanted(each.schema, each.table.name) ? blocks() : [];
  });
}

class Puller {
  readonly #em: EntityManager;
  readonly #entities: PulledEntities;
  /** What was said of an entity: with a schema per tenant it has many hypertables. */
  readonly #said = new Map<EntityMetadata, string>();

  constructor(em: EntityManager, entities: PulledEntities) {
    this.#em = em;
    this.#entities = entities;
  }

  pull({ schema, table, state }: FoundTable): () => PulledBlock[] {
    const meta = this.#entities.knownTable(schema, table.name);
    if (!meta) {
      const block = this.#guessed(schema, table, state);
      return () => [block];
    }
    const everySchema = meta.schema === '*';
    const properties = propertiesByColumn(meta);
    const block = this.#call({ name: meta.className, properties, everySchema, imported: true }, schema, table, state);
    return () => this.#declared(meta, schema, block);
  }

  #declared(meta: EntityMetadata, schema: string, block: PulledBlock): PulledBlock[] {
    const said = this.#said.get(meta);
    this.#said.set(meta, said ?? block.source);
    if (said === block.source) return [];
    if (said === undefined) return [{ ...block, imports: { ...block.imports, entities: [meta.className] } }];
    return [{ imports: {}, source: comment(`In the schema ${quoted(schema)} it is:\n${block.source}`) }];
  }

  #guessed(schema: string, table: DatabaseTable, state: HypertableState): PulledBlock {
    const naming = this.#em.config.getNamingStrategy();
    const name = this.#entities.newName(schema, table.name);
    const named = schema === defaultSchema(this.#em) ? undefined : schema;
    const { properties, source: definition } = entitySource(table, state, name, named, naming);
    const { imports, source } = this.#call(
      { name, properties, everySchema: false, imported: false },
      schema,
      table,
      state,
    );
    return { imports: { ...imports, orm: ['defineEntity', 'p'] }, source: `${definition}\n\n${source}` };
  }

  #call(entity: Named, schema: string, table: DatabaseTable, state: HypertableState): PulledBlock {
    const timeType = table.getColumn(state.by.column)?.type ?? 'timestamptz';
    const property = (column: string): string => {
      const found = entity.properties.get(column);
      if (found !== undefined) return found;
      throw new Unspeakable(`${entity.name} has no property for the column ${quoted(column)}`);
    };
    const register = (isDeclared: boolean): void => {
      const source = isDeclared ? aggregateSource(state, property(state.by.column), timeType) : undefined;
      this.#entities.set(schema, table.name, { ...entity, timeType, source });
    };
    try {
      const { source, imports } = hypertableSource(entity.name, state, property);
      register(true);
      return { imports: { library: imports }, source };
    } catch (fault) {
      if (!(fault instanceof Unspeakable)) throw fault;
      register(false);
      return { imports: {}, source: comment(`${table.getShortestName(false)} cannot be declared: ${fault.message}.`) };
    }
  }
}

type Named = Omit<NonNullable<ReturnType<PulledEntities['get']>>, 'timeType' | 'source'>;

function aggregateSource({ integerNow, retention }: HypertableState, by: string, timeType: string) {
  const property = { columnTypes: [timeType] } as unknown as EntityProperty;
  return {
    by,
    kind: columnKind(property),
    withoutZone: isWithoutZone(property),
    knowsNow: integerNow !== undefined,
    dropAfter: (retention || undefined)?.dropAfter as Width | undefined,
    aggregate: undefined,
  };
}
