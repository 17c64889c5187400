import type { EntityManager, EntityMetadata } from '@mikro-orm/postgresql';
import { aggregateOf } from '../definition/declared-aggregates.ts';
import type { AggregateSource } from '../definition/aggregate-source.ts';
import { defaultSchema, nameOf } from '../orm/name-of.ts';
import { isIdentifier } from './typescript.ts';

/** The entity of a hypertable or of an aggregate: one of the ORM, or one that the pulled source defines. */
export interface PulledEntity {
  name: string;
  /** By column; several have the same where it is one property. */
  properties: ReadonlyMap<string, string>;
  /** What an aggregate can be built on it; undefined where it cannot be declared itself. */
  source: AggregateSource | undefined;
  /** The type of the column that says when. */
  timeType: string;
  /** It stands for the tables of many schemas. */
  everySchema: boolean;
  /** The ORM has it, and the source imports it. */
  imported: boolean;
}

/** What entities the relations have, by schema and name. */
export class PulledEntities {
  readonly #em: EntityManager;
  readonly #known: EntityMetadata[];
  readonly #names: Set<string>;
  readonly #byRelation = new Map<string, PulledEntity>();

  constructor(em: EntityManager) {
    this.#em = em;
    this.#known = [...em.getMetadata().getAll().values()].filter((meta) => !meta.abstract && !meta.embeddable);
    this.#names = new Set(this.#known.map(({ className }) => className));
  }

  /** The entity of the ORM for a table. */
  knownTable(schema: string, name: string): EntityMetadata | undefined {
    return this.#known.find((meta) => isAt(this.#em, meta, schema, name));
  }

  /** The one that is declared with `continuousAggregate()`. */
  knownAggregate(schema: string, name: string): EntityMetadata | undefined {
    return this.#known.find((meta) => aggregateOf(meta) && isAt(this.#em, meta, schema, name));
  }

  get(schema: string, name: string): PulledEntity | undefined {
    return this.#byRelation.get(JSON.stringify([schema, name]));
  }

  set(schema: string, name: string, entity: PulledEntity): void {
    this.#byRelation.set(JSON.stringify([schema, name]), entity);
  }

  /** Of a class that there is not yet. */
  newName(schema: string, relation: string): string {
    const named = schema === defaultSchema(this.#em) ? undefined : schema;
    const wished = this.#em.config.getNamingStrategy().getEntityName(relation, named);
    const words = wished.split(/[^A-Za-z0-9$_]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
    const base = isIdentifier(words.join('')) ? words.join('') : `Table${words.join('')}`;
    let name = base;
    for (let more = 2; this.#names.has(name); more++) name = `${base}${more}`;
    this.#names.add(name);
    return name;
  }
}

/** By column. */
export function propertiesByColumn(meta: EntityMetadata): Map<string, string> {
  return new Map(
    meta.props.flatMap(({ name, fieldNames }) =>
      ((fieldNames as string[] | undefined) ?? []).map((column): [string, string] => [column, name]),
    ),
  );
}

function isAt(em: EntityManager, meta: EntityMetadata, schema: string, name: string): boolean {
  if (meta.collection !== name) return false;
  return meta.schema === '*' || nameOf(em, { meta }, undefined).schema === schema;
}
