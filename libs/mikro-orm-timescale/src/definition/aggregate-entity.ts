import {
  EntitySchema,
  t,
  type EntityClass,
  type EntityCtor,
  type EntityMetadata,
  type EntityProperty,
} from '@mikro-orm/core';
import type { Selection } from '../query/selection.ts';
import type { ContinuousAggregateOptions } from './aggregate-options.ts';
import { propertiesOf } from './inheritance.ts';

/** With a class, rows are its instances. */
export type AggregateName = { name: string } | { name: string; class: EntityClass };

/**
 * The read-only entity of an aggregate. MikroORM takes it for a view, which it is; the schema generator leaves it to us.
 */
export function aggregateEntity(
  entity: AggregateName,
  source: EntityMetadata,
  { bucket, groupBy = [], select, viewName }: ContinuousAggregateOptions,
): EntitySchema<object> {
  const properties = {};
  const by = 'by' in bucket ? bucket.by : bucket[1];
  define(properties, 'bucket', () => keyLike(source, by, false));
  for (const group of groupBy) define(properties, group, () => keyLike(source, group, true));
  for (const [key, selection] of Object.entries(select)) {
    define(properties, key, () => valueOf(source, selection));
  }
  return new EntitySchema({
    ...('class' in entity ? { class: entity.class as EntityCtor<object> } : entity),
    ...(viewName !== undefined && { tableName: viewName }),
    ...(source.schema !== undefined && { schema: source.schema }),
    view: true,
    // MikroORM asks every view for its query; ours is made when the naming strategy is known.
    expression: 'select',
    properties,
  });
}

/** Not before it is asked for: a relation's entity may not be defined yet. */
function define(properties: object, name: string, get: () => object): void {
  Object.defineProperty(properties, name, { enumerable: true, configurable: true, get });
}

function keyLike(source: EntityMetadata, name: string, keepNames: boolean): object {
  return { ...columnOf(source, name, keepNames), primary: true };
}

function valueOf(source: EntityMetadata, selection: Selection): object {
  switch (selection.kind) {
    case 'count':
      return { type: new t.bigint('number') };
    case 'sum':
    case 'avg':
      return { type: new t.decimal('number'), nullable: true };
    case 'histogram':
      return { type: new t.array(Number), nullable: true };
    case 'raw':
      return { type: t.unknown, nullable: true };
    default:
      // A relation as its key, like everywhere that it is selected.
      return { ...columnOf(source, selection.property, false), nullable: true, mapToPk: true };
  }
}

/** What of a property says how its column is read, and with `names` how it is named. */
function columnOf(source: EntityMetadata, name: string, names: boolean): object {
  const property: Partial<EntityProperty> = propertiesOf(source)[name] ?? {};
  const isKept = (key: string): boolean => taken.has(key) || (names && namings.has(key));
  return Object.fromEntries(Object.entries(property).filter(([key, value]) => isKept(key) && value !== undefined));
}

const taken = new Set([
  ...[
    'kind',
    'type',
    'entity',
    'customType',
    'columnType',
    'columnTypes',
    'runtimeType',
    'length',
    'precision',
    'scale',
  ],
  ...['enum', 'items', 'nativeEnumName', 'array', 'unsigned', 'nullable', 'ref', 'mapToPk', 'referencedColumnNames'],
]);
const namings = new Set(['fieldName', 'fieldNames', 'joinColumn', 'joinColumns']);
