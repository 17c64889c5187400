import type { DatabaseTable, IndexDef, NamingStrategy } from '@mikro-orm/postgresql';
import type { HypertableState } from '../state/hypertable-state.ts';
import { columnSource } from './column-source.ts';
import { block, comment, inline, key, list, quoted, type Entry } from './typescript.ts';

export interface EntitySource {
  name: string;
  /** `export const Reading = defineEntity(...)`, after what it could not say. */
  source: string;
  /** By column. */
  properties: ReadonlyMap<string, string>;
}

/**
 * A guess at the entity of a table that has none: its columns, keys, indexes and checks. What else the table has is in a
 * comment above it.
 *
 * @param name of the entity
 * @param schema where it is not the default
 */
export function entitySource(
  table: DatabaseTable,
  state: HypertableState,
  name: string,
  schema: string | undefined,
  naming: NamingStrategy,
): EntitySource {
  const properties = propertyNames(table, naming);
  const primary = primaryKey(table, state);
  const fields = table.getColumns().map((column): Entry => {
    const property = properties.get(column.name) ?? column.name;
    const fieldName = naming.propertyToColumnName(property) === column.name ? undefined : column.name;
    return [property, columnSource(column, primary.columns.includes(column.name), fieldName)];
  });
  const [indexes, left] = split(table, state, properties);
  const of = (unique: boolean): string | undefined => {
    const sources = indexes.filter((index) => index.unique === unique).map(({ source }) => source);
    return sources.length === 0 ? undefined : list(sources);
  };
  const checks = table.getChecks().map(({ name, expression }) =>
    inline([
      ['name', quoted(name)],
      ['expression', quoted(String(expression))],
    ]),
  );
  const definition = block([
    ['name', quoted(name)],
    ['schema', schema === undefined ? undefined : quoted(schema)],
    ['tableName', naming.classToTableName(name) === table.name ? undefined : quoted(table.name)],
    ['comment', table.comment ? quoted(table.comment) : undefined],
    ['properties', block(fields, '  ')],
    ['indexes', of(false)],
    ['uniques', of(true)],
    ['checks', checks.length === 0 ? undefined : list(checks)],
  ]);
  const notes = [...primary.notes, ...left, ...foreignKeys(table), ...triggers(table)].map(comment);
  return { name, properties, source: [...notes, `export const ${name} = defineEntity(${definition});`].join('\n') };
}

function propertyNames(table: DatabaseTable, naming: NamingStrategy): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { name: column } of table.getColumns()) {
    const wished = asProperty(naming.columnNameToProperty(column));
    let name = wished;
    for (let more = 2; taken.has(name); more++) name = `${wished}${more}`;
    taken.add(name);
    names.set(column, name);
  }
  return names;
}

/** In camel case, from whatever is in it. */
function asProperty(text: string): string {
  const [first = '', ...rest] = text.split(/[^A-Za-z0-9$_]+/).filter((word) => word !== '');
  const joined = [first, ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
  return /^[A-Za-z_$]/.test(joined) ? joined : `column${joined}`;
}

function primaryKey(
  table: DatabaseTable,
  { by, dimensions = [] }: HypertableState,
): { columns: string[]; notes: string[] } {
  const own = table.getPrimaryKey()?.columnNames;
  if (own && own.length > 0) return { columns: own, notes: [] };
  const unique = table.getIndexes().find((index) => index.unique && index.columnNames.includes(by.column));
  const columns = unique?.columnNames ?? [by.column, ...dimensions.map(({ column }) => column)];
  const present = columns.filter((column) => table.getColumn(column)?.nullable === false);
  const note =
    'The table has no primary key, and an entity needs one. This one is a guess, and the next migration would make it.';
  return { columns: present, notes: [note] };
}

type IndexSource = { unique: boolean; source: string };

/** The indexes that can be said, and notes on those that cannot. */
function split(
  table: DatabaseTable,
  { ownIndexes = [], reorder }: HypertableState,
  properties: ReadonlyMap<string, string>,
): [IndexSource[], string[]] {
  const sources: IndexSource[] = [];
  const notes: string[] = [];
  for (const index of table.getIndexes()) {
    // The extension leaves TimescaleDB's own index alone, unless the model has to know it by name.
    const own = ownIndexes.includes(index.keyName) && !(reorder && reorder.index === index.keyName);
    if (index.primary || own) continue;
    const source = index.expression || index.where || index.include ? undefined : indexSource(index, properties);
    if (source === undefined) notes.push(`The index ${quoted(index.keyName)} is not here: add it by hand.`);
    else sources.push({ unique: index.unique, source });
  }
  return [sources, notes];
}

function indexSource(index: IndexDef, properties: ReadonlyMap<string, string>): string {
  const columns = index.columns?.map(({ name, sort, nulls }) =>
    inline([
      ['name', quoted(properties.get(name) ?? name)],
      ['sort', sort && quoted(sort)],
      ['nulls', nulls && quoted(nulls)],
    ]),
  );
  const type = typeof index.type === 'string' ? index.type : index.type?.indexType;
  return inline([
    ['name', quoted(index.keyName)],
    ['properties', list(index.columnNames.map((name) => quoted(properties.get(name) ?? name)))],
    ['columns', columns && list(columns)],
    ['type', type === undefined || type === 'btree' ? undefined : quoted(type)],
  ]);
}

function foreignKeys(table: DatabaseTable): string[] {
  return Object.values(table.getForeignKeys()).map(
    ({ constraintName, columnNames, referencedTableName }) =>
      `The foreign key ${quoted(constraintName)} (${columnNames.map(key).join(', ')}) to ${referencedTableName} ` +
      'is not here: make a p.manyToOne() of it.',
  );
}

function triggers(table: DatabaseTable): string[] {
  return table.getTriggers().map(({ name }) => `The trigger ${quoted(name)} is not here: add it by hand.`);
}
