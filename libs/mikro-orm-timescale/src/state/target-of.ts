import type { DatabaseTable } from '@mikro-orm/postgresql';
import type { Target } from '../sql/target.ts';

/** How statements name a table: with its schema, but for those that MikroORM leaves to the search path. */
export function targetOf(table: DatabaseTable, functions: string): Target {
  return { schema: leftToSearchPath.has(table) ? undefined : table.schema, table: table.name, functions };
}

/** In migrations for any schema (`includeWildcardSchema`) MikroORM names tables of the default schema without it. */
export function leaveToSearchPath(table: DatabaseTable): void {
  leftToSearchPath.add(table);
}

const leftToSearchPath = new WeakSet<DatabaseTable>();
