import { DatabaseSchema, type DatabaseTable, type EntityManager, type EntityMetadata } from '@mikro-orm/postgresql';
import { readHypertables } from '../catalog/read-hypertables.ts';
import { NotThere } from '../live/faults.ts';
import { sessionOf } from '../live/session.ts';
import { defaultSchema, nameOf } from '../orm/name-of.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import { hypertableOf } from '../state/on-table.ts';
import { entitySource } from './entity-source.ts';
import { hypertableSource, Unspeakable } from './hypertable-source.ts';
import type { PulledBlock, PullOptions } from './pull.ts';
import { comment, isIdentifier, quoted } from './typescript.ts';

/** For each hypertable the call of `hypertable()`, with a guess at the entity where the ORM knows none. */
export async function pullHypertables(em: EntityManager, { entity, schema }: PullOptions): Promise<PulledBlock[]> {
  const wanted = entity && nameOf(em, entity, schema);
  const found = (await readTables(em)).filter(
    ({ table }) =>
      (wanted === undefined || (table.name === wanted.name && table.schema === wanted.schema)) &&
      (schema === undefined || entity !== undefined || table.schema === schema),
  );
  if (wanted && found.length === 0) {
    throw new NotThere(`There is no hypertable ${wanted.schema}.${wanted.name}`, 'migrate, or name its schema');
  }
  return new Puller(em).blocks(found);
}

interface Found {
  table: DatabaseTable;
  state: HypertableState;
}

async function readTables(em: EntityManager): Promise<Found[]> {
  const { connection } = await sessionOf(em, 'pull()');
  const names = (await readHypertables(connection)).map(({ table }) => table);
  if (names.length === 0) return [];
  const all = await DatabaseSchema.create(connection, em.getPlatform(), em.config, undefined, undefined, names);
  return all.getTables().flatMap((table) => {
    const state = hypertableOf(table);
    return state ? [{ table, state }] : [];
  });
}

class Puller {
  readonly #em: EntityManager;
  readonly #known: EntityMetadata[];
  readonly #names: Set<string>;
  /** What was said of an entity: with a schema per tenant it has many hypertables. */
  readonly #said = new Map<EntityMetadata, string>();

  constructor(em: EntityManager) {
    this.#em = em;
    this.#known = [...em.getMetadata().getAll().values()].filter((meta) => !meta.abstract && !meta.embeddable);
    this.#names = new Set(this.#known.map(({ className }) => className));
  }

  blocks(found: readonly Found[]): PulledBlock[] {
    return found.flatMap(({ table, state }) => {
      const meta = this.#known.find((each) => isOf(this.#em, each, table));
      return meta ? this.#declared(meta, table, state) : [this.#guessed(table, state)];
    });
  }

  #declared(meta: EntityMetadata, table: DatabaseTable, state: HypertableState): PulledBlock[] {
    const block = this.#call(meta.className, table, state, (column) => propertyOf(meta, column));
    const said = this.#said.get(meta);
    this.#said.set(meta, said ?? block.source);
    if (said === block.source) return [];
    if (said === undefined) return [{ ...block, imports: { ...block.imports, entities: [meta.className] } }];
    return [{ imports: {}, source: comment(`In the schema ${quoted(table.schema ?? '')} it is:\n${block.source}`) }];
  }

  #guessed(table: DatabaseTable, state: HypertableState): PulledBlock {
    const naming = this.#em.config.getNamingStrategy();
    const schema = table.schema === defaultSchema(this.#em) ? undefined : table.schema;
    const name = this.#nameFor(naming.getEntityName(table.name, schema));
    const entity = entitySource(table, state, name, schema, naming);
    const { imports, source } = this.#call(name, table, state, (column) => entity.properties.get(column));
    return { imports: { ...imports, orm: ['defineEntity', 'p'] }, source: `${entity.source}\n\n${source}` };
  }

  #call(
    entity: string,
    table: DatabaseTable,
    state: HypertableState,
    property: (column: string) => string | undefined,
  ): PulledBlock {
    try {
      const { source, imports } = hypertableSource(entity, state, property);
      return { imports: { library: imports }, source };
    } catch (fault) {
      if (!(fault instanceof Unspeakable)) throw fault;
      return { imports: {}, source: comment(`${table.getShortestName(false)} cannot be declared: ${fault.message}.`) };
    }
  }

  /** Of a class that there is not yet. */
  #nameFor(wished: string): string {
    const words = wished.split(/[^A-Za-z0-9$_]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
    const base = isIdentifier(words.join('')) ? words.join('') : `Table${words.join('')}`;
    let name = base;
    for (let more = 2; this.#names.has(name); more++) name = `${base}${more}`;
    this.#names.add(name);
    return name;
  }
}

function isOf(em: EntityManager, meta: EntityMetadata, table: DatabaseTable): boolean {
  if (meta.collection !== table.name) return false;
  return meta.schema === '*' || nameOf(em, { meta }, undefined).schema === table.schema;
}

function propertyOf(meta: EntityMetadata, column: string): string | undefined {
  return meta.props.find(({ fieldNames }) => (fieldNames as string[] | undefined)?.includes(column))?.name;
}
