import type { EntityManager } from '@mikro-orm/postgresql';

export type Ask = (em: EntityManager) => Promise<unknown>;

/** The statements that `ask` sends to the database, with their values in them. */
export async function statementsOf(em: EntityManager, ask: Ask): Promise<string[]> {
  const statements: string[] = [];
  const connection = em.getConnection();
  const execute = connection.execute.bind(connection);
  const form = connection as unknown as { prepareQuery(query: unknown, params: unknown): { formatted: string } };
  connection.execute = (async (...given: Parameters<typeof execute>) => {
    statements.push(form.prepareQuery(given[0], given[1]).formatted);
    return execute(...given);
  }) as typeof connection.execute;
  try {
    await ask(em);
  } finally {
    connection.execute = execute;
  }
  return statements;
}
