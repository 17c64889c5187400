import type { AbstractSqlConnection, Transaction } from '@mikro-orm/postgresql';
import type { OpenTransaction } from '../live/session.ts';

/**
 * A query as PostgreSQL spells it, so that it can be compared with what the catalog holds. Nothing of it stays.
 * Undefined where the database cannot run it for lack of a column, say.
 */
export async function spellQuery(
  connection: AbstractSqlConnection,
  query: string,
  outer?: Transaction,
): Promise<string | undefined> {
  const found: string[] = [];
  try {
    const options = outer === undefined ? {} : { ctx: outer as OpenTransaction };
    await connection.transactional(async (ctx) => {
      await connection.execute(`CREATE TEMPORARY VIEW mikro_orm_timescale_query AS ${query}`, [], 'run', ctx);
      const [row] = await connection.execute<{ spelled: string }[]>(
        `SELECT pg_get_viewdef('pg_temp.mikro_orm_timescale_query'::regclass) AS spelled`,
        [],
        'all',
        ctx,
      );
      if (row) found.push(row.spelled);
      throw new Error('Known now, and rolled back.');
    }, options);
  } catch (error) {
    if (found[0] === undefined && !misfits.has(stateOf(error))) throw withRemedy(error);
    return found[0];
  }
  return undefined;
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html
const misfits = new Set([
  '42703', // undefined_column
  '42P01', // undefined_table
  '42883', // undefined_function: for the type that the column has
  '42804', // datatype_mismatch
]);

const insufficientPrivilege = '42501';

function withRemedy(error: unknown): unknown {
  if (stateOf(error) !== insufficientPrivilege) return error;
  return new Error(
    'The query of a continuous aggregate is compared as a temporary view, which the role may not make: ' +
      'GRANT TEMPORARY ON DATABASE ... TO it.',
    { cause: error },
  );
}

function stateOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
