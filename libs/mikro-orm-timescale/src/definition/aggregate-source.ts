import type { EntityMetadata } from '@mikro-orm/core';
import type { Width } from './options.ts';
import { columnKind, isWithoutZone, type ColumnKind } from './column-kind.ts';
import { aggregateOf, type DeclaredAggregate } from './declared-aggregates.ts';
import { definitionOf } from './hypertable.ts';
import { propertiesOf } from './inheritance.ts';

/** What an aggregate can be built on. */
export interface AggregateSource {
  /** The property that says when. */
  by: string;
  kind: ColumnKind | null | undefined;
  /** It is a date or a timestamp without time zone, as far as it is known. */
  withoutZone: boolean;
  /** Of the hypertable at the bottom. */
  knowsNow: boolean;
  dropAfter: Width | undefined;
  /** Where it is an aggregate itself. */
  aggregate: { options: Pick<DeclaredAggregate['options'], 'bucket'> } | undefined;
}

/** Undefined where the entity is neither a hypertable nor an aggregate (yet). */
export function aggregateSource(meta: EntityMetadata): AggregateSource | undefined {
  const aggregate = aggregateOf(meta);
  if (aggregate) {
    const below = aggregateSource(aggregate.source);
    const { retention } = aggregate.options;
    return below && { ...below, by: 'bucket', dropAfter: (retention || undefined)?.dropAfter, aggregate };
  }
  const definition = definitionOf(meta);
  if (!definition) return undefined;
  const { by, retention, integerNow } = definition;
  const property = propertiesOf(meta)[by];
  return {
    by,
    kind: property && columnKind(property),
    withoutZone: property !== undefined && isWithoutZone(property),
    knowsNow: integerNow !== undefined,
    dropAfter: (retention || undefined)?.dropAfter,
    aggregate: undefined,
  };
}
