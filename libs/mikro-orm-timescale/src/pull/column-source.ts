import type { Column } from '@mikro-orm/postgresql';
import { quoted } from './typescript.ts';

/**
 * The property of a column, such as `p.datetime(6).primary()`.
 *
 * @param fieldName where the naming strategy would choose another name
 */
export function columnSource(column: Column, primary: boolean, fieldName: string | undefined): string {
  const { autoincrement, generated, nullable, comment, collation } = column;
  const value = generated === undefined && !autoincrement ? column.default : undefined;
  return [
    `p.${typeSource(column)}`,
    ...(fieldName === undefined ? [] : [`fieldName(${quoted(fieldName)})`]),
    ...(primary ? ['primary()'] : []),
    ...(nullable ? ['nullable()'] : []),
    ...(autoincrement ? ['autoincrement()'] : primary ? ['autoincrement(false)'] : []),
    ...(generated === undefined ? [] : [`generated(${quoted(generated)})`]),
    ...(value === undefined || value === null ? [] : [`defaultRaw(${quoted(value)})`]),
    ...(collation === undefined ? [] : [`collation(${quoted(collation)})`]),
    ...(comment ? [`comment(${quoted(comment)})`] : []),
  ].join('.');
}

function typeSource({ type, length, precision, scale }: Column): string {
  const base = type.replace(/\(.*\)$/, '');
  const plain = builders[base];
  if (plain !== undefined) return plain;
  const of = (builder: string): string => `${builder}.columnType(${quoted(type)})`;
  if (type.endsWith('[]')) return of('array()');
  switch (base) {
    case 'timestamptz':
      return length === undefined ? of('datetime()') : `datetime(${length})`;
    case 'timestamp':
      return of('datetime()');
    case 'varchar':
      return type === base ? of('string()') : `string().length(${length ?? 255})`;
    case 'numeric':
      return type === base ? of('decimal()') : `decimal().precision(${precision ?? 0}).scale(${scale ?? 0})`;
    case 'json':
      return of('json()');
    default:
      return of('string()');
  }
}

/** By PostgreSQL's own name. */
const builders: Readonly<Record<string, string>> = {
  int2: 'smallint()',
  int4: 'integer()',
  int8: 'bigint()',
  float4: 'float()',
  float8: 'double()',
  bool: 'boolean()',
  text: 'text()',
  uuid: 'uuid()',
  date: 'date()',
  jsonb: 'json()',
  bytea: 'blob()',
};
