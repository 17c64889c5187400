import type { EntityMetadata } from '@mikro-orm/core';
import type { ContinuousAggregateOptions } from './aggregate-options.ts';

export interface DeclaredAggregate {
  name: string;
  /** As it was when the aggregate was declared. */
  source: EntityMetadata;
  options: ContinuousAggregateOptions;
}

/** What was declared for the entity of an aggregate; undefined for any other entity. */
export function aggregateOf(meta: EntityMetadata): DeclaredAggregate | undefined {
  return declared.get(meta.class);
}

/** The aggregates that a hypertable shall not have. */
export function removedFrom(meta: EntityMetadata): readonly { name: string; viewName?: string }[] {
  return removed.get(meta.class) ?? [];
}

/** The class of the hypertable that an aggregate stands on, whatever lies between. */
export function rootOf(source: EntityMetadata): EntityMetadata['class'] {
  const aggregate = aggregateOf(source);
  return aggregate ? rootOf(aggregate.source) : source.class;
}

export function declareAggregate(entity: EntityMetadata, aggregate: DeclaredAggregate): void {
  declared.set(entity.class, aggregate);
}

export function declareRemoved(source: EntityMetadata, aggregate: { name: string; viewName?: string }): void {
  const root = rootOf(source);
  removed.set(root, [...(removed.get(root) ?? []), aggregate]);
}

const declared = new WeakMap<object, DeclaredAggregate>();
const removed = new WeakMap<object, { name: string; viewName?: string }[]>();
