import type { AbstractSqlConnection } from '@mikro-orm/postgresql';

/** All of them, or none. */
export async function runStatements(connection: AbstractSqlConnection, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return;
  await connection.transactional(async (ctx) => {
    for (const statement of statements) await connection.execute(statement, [], 'run', ctx);
  });
}
