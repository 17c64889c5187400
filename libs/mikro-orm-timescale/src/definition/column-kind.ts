import { t, type EntityProperty } from '@mikro-orm/core';

export type ColumnKind = 'timestamp' | 'date' | 'integer' | 'uuid';

/** What the property's column is to TimescaleDB; undefined where that is not known (yet), null where it cannot be. */
export function columnKind(property: EntityProperty): ColumnKind | null | undefined {
  const columnType = sqlTypeOf(property);
  if (columnType) return kindOfSqlType(columnType);
  const type: unknown = property.type;
  const found = mapped.find(([mappedType]) => type === mappedType || (isObject(type) && type instanceof mappedType));
  if (found) return found[1];
  return typeof type === 'string' ? kindOfName[type] : undefined;
}

/** Whether its values are local times or days, as far as it is known (yet). */
export function isWithoutZone(property: EntityProperty): boolean {
  const type = sqlTypeOf(property) ?? '';
  return columnKind(property) === 'date' || (/^timestamp/i.test(type) && !/tz|with time zone/i.test(type));
}

/** MikroORM fills the array in when it discovers the entities; before, there is what the definition says. */
function sqlTypeOf(property: EntityProperty): string | undefined {
  const { columnTypes, columnType = columnTypes?.[0] } = property as Declared;
  return columnType;
}

type Declared = Partial<Pick<EntityProperty, 'columnTypes'>> & { columnType?: string };

function kindOfSqlType(type: string): ColumnKind | null {
  if (/^timestamp/i.test(type)) return 'timestamp';
  if (/^date$/i.test(type)) return 'date';
  if (/^(small|big)?(int|integer|serial)[248]?$/i.test(type)) return 'integer';
  if (/^uuid$/i.test(type)) return 'uuid';
  return null;
}

const mapped = [
  [t.datetime, 'timestamp'],
  [t.date, 'date'],
  [t.integer, 'integer'],
  [t.bigint, 'integer'],
  [t.smallint, 'integer'],
  [t.string, null],
  [t.text, null],
  [t.uuid, 'uuid'],
  [t.double, null],
  [t.float, null],
  [t.decimal, null],
  [t.boolean, null],
  [t.json, null],
] as const;

const kindOfName: Readonly<Record<string, ColumnKind | null>> = {
  datetime: 'timestamp',
  Date: 'timestamp',
  date: 'date',
  integer: 'integer',
  bigint: 'integer',
  smallint: 'integer',
  string: null,
  text: null,
  uuid: 'uuid',
  double: null,
  float: null,
  decimal: null,
  boolean: null,
  json: null,
};

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
