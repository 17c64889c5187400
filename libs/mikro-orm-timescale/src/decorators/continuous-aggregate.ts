import type { EntityClass } from '@mikro-orm/core';
import type { ContinuousAggregateOptions } from '../definition/aggregate-options.ts';
import { defineAggregate, type AggregateRow } from '../definition/continuous-aggregate.ts';
import { metadataOf, type TypedEntity } from '../definition/entity-like.ts';
import type { Selection } from '../query/selection.ts';

/**
 * Makes the decorated class the read-only entity of a continuous aggregate, as `continuousAggregate()` makes one without
 * a class. It takes the place of `@Entity()`, and its properties need no decorators: what they are follows from the
 * options, and the class has to have them.
 *
 * @throws InvalidContinuousAggregate
 */
export function ContinuousAggregate<
  Entity,
  const By extends Extract<keyof Entity, string>,
  const S extends Readonly<Record<string, Selection<Extract<keyof Entity, string>>>>,
  const G extends Extract<keyof Entity, string> = never,
>(
  source: TypedEntity<Entity>,
  options: ContinuousAggregateOptions<
    Extract<keyof Entity, string>,
    By,
    G,
    S,
    NoInfer<'bucket' | G | Extract<keyof S, string>>
  >,
): (
  target: EntityClass<AggregateRow<Entity, NoInfer<By>, NoInfer<G>, NoInfer<S>>>,
  context: ClassDecoratorContext,
) => void {
  return (target) => {
    defineAggregate({ class: target, name: target.name }, metadataOf(source), options);
  };
}
