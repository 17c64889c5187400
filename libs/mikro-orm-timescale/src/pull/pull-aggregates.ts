import type { EntityManager, NamingStrategy } from '@mikro-orm/postgresql';
import { otherAggregates } from '../catalog/other-aggregates.ts';
import { spellQuery } from '../catalog/spell-query.ts';
import type { Width } from '../definition/options.ts';
import type { Session } from '../live/session.ts';
import { isSpelled, querySql } from '../sql/aggregate.ts';
import type { AggregateQuery, AggregateState } from '../state/aggregate-state.ts';
import { aggregateSource } from './aggregate-source.ts';
import { Unspeakable } from './policy-source.ts';
import type { PulledBlock } from './pull.ts';
import { propertiesByColumn, type PulledEntities, type PulledEntity } from './pulled-entities.ts';
import { pullQuery, type PulledQuery } from './pulled-query.ts';
import type { FoundTable } from './read-tables.ts';
import { comment, quoted } from './typescript.ts';

/**
 * For each continuous aggregate the call of `continuousAggregate()`, after those that it reads.
 *
 * @param entities has the hypertables', and gets one for each aggregate, wanted or not
 */
export async function pullAggregates(
  em: EntityManager,
  session: Session,
  found: readonly FoundTable[],
  entities: PulledEntities,
  isWanted: (schema: string, name: string) => boolean,
): Promise<PulledBlock[]> {
  const puller = new Puller(em.config.getNamingStrategy(), session, entities);
  const blocks: PulledBlock[] = [];
  for (const { schema, aggregates } of found) {
    for (const state of aggregates) blocks.push(...(await puller.pull(schema, state, isWanted(schema, state.view))));
  }
  for (const { schema, view } of await otherAggregates(session.connection)) {
    const why = 'it is in another schema than the hypertable that it reads';
    if (isWanted(schema, view)) blocks.push(cannot(schema, view, why));
  }
  return blocks;
}

class Puller {
  readonly #naming: NamingStrategy;
  readonly #session: Session;
  readonly #entities: PulledEntities;
  /** The names of what stands for the views of many schemas, and what was said of each. */
  readonly #names = new Map<string, string>();
  readonly #said = new Map<string, string>();
  readonly #written = new Set<string>();

  constructor(naming: NamingStrategy, session: Session, entities: PulledEntities) {
    this.#naming = naming;
    this.#session = session;
    this.#entities = entities;
  }

  async pull(schema: string, state: AggregateState, isWanted: boolean): Promise<PulledBlock[]> {
    const source = this.#entities.get(schema, state.source);
    try {
      if (!source) throw new Unspeakable(`${state.source}, which it reads, cannot be declared`);
      return await this.#declare(schema, state, source, isWanted);
    } catch (fault) {
      if (!(fault instanceof Unspeakable)) throw fault;
      return isWanted ? [cannot(schema, state.view, fault.message)] : [];
    }
  }

  async #declare(
    schema: string,
    state: AggregateState,
    source: PulledEntity,
    isWanted: boolean,
  ): Promise<PulledBlock[]> {
    const known = this.#entities.knownAggregate(schema, state.view);
    const query = await pullQuery(isSpelled(state.query) ? state.query.spelled : '', {
      naming: this.#naming,
      source,
      known: known && propertiesByColumn(known),
      spell: (made) => this.#spell(schema, state.source, made),
    });
    const name = known?.className ?? this.#nameOf(schema, state.view, source);
    const viewName = this.#naming.classToTableName(name) === state.view ? undefined : state.view;
    const { imports, source: text } = aggregateSource(name, source, query, state, viewName);
    this.#entities.set(schema, state.view, {
      ...entityOf(name, source, query, state),
      imported: known !== undefined,
    });
    if (!isWanted) return [];
    const said = this.#said.get(name);
    if (said === text) return [];
    if (said !== undefined)
      return [{ imports: {}, source: comment(`In the schema ${quoted(schema)} it is:\n${text}`) }];
    this.#said.set(name, text);
    this.#written.add(name);
    const isHere = this.#written.has(source.name) || !source.imported;
    return [{ imports: { library: imports, entities: isHere ? [] : [source.name] }, source: text }];
  }

  #nameOf(schema: string, view: string, source: PulledEntity): string {
    if (!source.everySchema) return this.#entities.newName(schema, view);
    const key = JSON.stringify([source.name, view]);
    const name = this.#names.get(key) ?? this.#entities.newName('', view);
    this.#names.set(key, name);
    return name;
  }

  async #spell(schema: string, table: string, query: AggregateQuery): Promise<string | undefined> {
    const { connection, functions } = this.#session;
    try {
      return await spellQuery(connection, querySql(query, { schema, table, functions }));
    } catch (error) {
      if (isSyntaxOrRule(error)) return undefined;
      throw error;
    }
  }
}

function entityOf(name: string, source: PulledEntity, query: PulledQuery, state: AggregateState): PulledEntity {
  const dropAfter = (state.retention || undefined)?.dropAfter as Width | undefined;
  return {
    ...source,
    name,
    properties: query.properties,
    source: source.source && {
      ...source.source,
      by: 'bucket',
      dropAfter,
      aggregate: { options: { bucket: query.bucket } },
    },
  };
}

function cannot(schema: string, view: string, why: string): PulledBlock {
  return { imports: {}, source: comment(`${schema}.${view} cannot be declared: ${why}.`) };
}

/** https://www.postgresql.org/docs/17/errcodes-appendix.html, class 42 */
function isSyntaxOrRule(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith('42');
}
