import type { EntityMetadata, EntitySchema } from '@mikro-orm/core';
import type { Selection, SelectedValue } from '../query/selection.ts';
import { aggregateEntity, type AggregateName } from './aggregate-entity.ts';
import type { ContinuousAggregateOptions } from './aggregate-options.ts';
import { checkAggregate } from './check-aggregate.ts';
import { declareAggregate, declareRemoved } from './declared-aggregates.ts';
import { metadataOf, type EntityLike, type TypedEntity } from './entity-like.ts';

/** A row of a continuous aggregate: the beginning of its bucket, what it is grouped by, and what was selected. */
export type AggregateRow<Entity, By extends keyof Entity, G extends keyof Entity, S> = { bucket: Entity[By] } & {
  [K in G]: Entity[K];
} & { [K in keyof S]: SelectedValue<Entity, S[K]> };

/**
 * Declares a continuous aggregate over a hypertable, or over another aggregate, and gives its read-only entity: put it
 * into `entities` like any other. Call it after `hypertable()` and before `MikroORM.init`.
 *
 * `false` in place of the options says that there shall be no such aggregate. One that is not declared at all is not
 * managed, and stays.
 *
 * @param name of the entity
 * @throws InvalidContinuousAggregate
 */
export function continuousAggregate<
  Entity,
  const By extends Extract<keyof Entity, string>,
  const S extends Readonly<Record<string, Selection<Extract<keyof Entity, string>>>>,
  const G extends Extract<keyof Entity, string> = never,
>(
  name: string,
  source: TypedEntity<Entity>,
  options: ContinuousAggregateOptions<
    Extract<keyof Entity, string>,
    By,
    G,
    S,
    NoInfer<'bucket' | G | Extract<keyof S, string>>
  >,
): EntitySchema<AggregateRow<Entity, By, G, S>>;
export function continuousAggregate<Entity>(
  name: string,
  source: TypedEntity<Entity>,
  options: false,
  removed?: { viewName?: string },
): void;
export function continuousAggregate(
  name: string,
  source: EntityLike,
  options: false | ContinuousAggregateOptions,
  { viewName }: { viewName?: string } = {},
): unknown {
  const below = metadataOf(source);
  if (options === false) {
    declareRemoved(below, { name, ...(viewName !== undefined && { viewName }) });
    return undefined;
  }
  return defineAggregate({ name }, below, options);
}

/** @throws InvalidContinuousAggregate */
export function defineAggregate(
  entity: AggregateName,
  source: EntityMetadata,
  options: ContinuousAggregateOptions,
): EntitySchema<object> {
  checkAggregate(entity.name, source, options);
  const schema = aggregateEntity(entity, source, options);
  declareAggregate(schema.meta, { name: entity.name, source, options });
  return schema;
}
