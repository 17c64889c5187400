import type { Client } from 'pg';
import type { MigrationStep } from './migration-step.ts';

/** A migration of MikroORM's, all of whose statements are texts. */
export interface NamedMigration {
  readonly name: string;
  readonly migration: { up(): void | Promise<void>; getQueries(): readonly unknown[] };
}

/**
 * The migrations that the table `migrations` of a schema does not hold, in their order, each together with its row in
 * that table, which is MikroORM's; before them the table itself where it is not there.
 */
export async function pendingSteps(
  client: Client,
  schema: string,
  migrations: readonly NamedMigration[],
): Promise<MigrationStep[]> {
  const table = `"${schema}"."migrations"`;
  const applied = await appliedMigrations(client, schema);
  const steps = applied ? [] : [tableStep(schema, table)];
  for (const { name, migration } of migrations) {
    if (applied?.has(name)) continue;
    await migration.up();
    steps.push({
      name,
      statements: [...textsOf(name, migration.getQueries()), `INSERT INTO ${table} (name) VALUES ('${name}')`],
      done: `SELECT FROM ${table} WHERE name = '${name}'`,
      told: [`migrated ${name}`],
    });
  }
  return steps;
}

async function appliedMigrations(client: Client, schema: string): Promise<Set<string> | undefined> {
  const { rows } = await client.query(
    `SELECT FROM pg_class WHERE relname = 'migrations' AND relnamespace = to_regnamespace($1)`,
    [schema],
  );
  if (rows.length === 0) return undefined;
  const applied = await client.query<{ name: string }>(`SELECT name FROM "${schema}"."migrations"`);
  return new Set(applied.rows.map(({ name }) => name));
}

function tableStep(schema: string, table: string): MigrationStep {
  return {
    name: `${schema}.migrations`,
    statements: [
      `CREATE SCHEMA IF NOT EXISTS "${schema}"`,
      `CREATE TABLE IF NOT EXISTS ${table} (
  id serial PRIMARY KEY,
  name varchar(255) NOT NULL,
  executed_at timestamptz NOT NULL DEFAULT current_timestamp
)`,
    ],
    told: [],
  };
}

function textsOf(name: string, queries: readonly unknown[]): string[] {
  return queries.map((query) => {
    if (typeof query === 'string') return query;
    throw new Error(`${name} has a statement that is no text, which a dry run could not print`);
  });
}
