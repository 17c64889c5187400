/** The hypertable that a statement is about, and where TimescaleDB's functions are. */
export interface Target {
  /** Undefined: found by the search path, as in MikroORM's migrations for any schema (`includeWildcardSchema`). */
  schema: string | undefined;
  table: string;
  /** The schema of the extension. */
  functions: string;
  /** It is a continuous aggregate, which statements call a materialized view. */
  view?: boolean;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll(`'`, `''`)}'`;
}

/** What ALTER calls it. */
export function kindOf({ view = false }: Target): string {
  return view ? 'materialized view' : 'table';
}

/** `"schema"."table"` */
export function relation({ schema, table }: Pick<Target, 'schema' | 'table'>): string {
  return schema === undefined ? identifier(table) : `${identifier(schema)}.${identifier(table)}`;
}

/** `"public".function('"schema"."table"', ...)` */
export function on(target: Target, name: string, ...rest: string[]): string {
  return `${identifier(target.functions)}.${name}(${[literal(relation(target)), ...rest].join(', ')})`;
}

/** `interval '1 day'` for a time, `1000` for an integer. */
export function widthSql(width: string | number): string {
  return typeof width === 'number' ? String(width) : `interval ${literal(width)}`;
}

/** The condition for rows of the information views. */
export function isOf({ schema, table, view = false }: Target): string {
  const schemaSql = schema === undefined ? 'current_schema()' : literal(schema);
  if (!view) return `hypertable_schema = ${schemaSql} and hypertable_name = ${literal(table)}`;
  // Before 2.20 the jobs of an aggregate go by the hypertable that holds its buckets.
  return (
    `(hypertable_schema, hypertable_name) in (select name.schema, name.name ` +
    `from timescaledb_information.continuous_aggregates cross join lateral (values (view_schema, view_name), ` +
    `(materialization_hypertable_schema, materialization_hypertable_name)) as name (schema, name) ` +
    `where view_schema = ${schemaSql} and view_name = ${literal(table)})`
  );
}
