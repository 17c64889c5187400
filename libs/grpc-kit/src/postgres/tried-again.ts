import { sqlStateOf } from '../sql-state.ts';

const maxAttempts = 5;
// https://www.postgresql.org/docs/17/errcodes-appendix.html
const givenUp = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected

/**
 * The outcome of a transaction, or of a statement that is one, which is tried again where PostgreSQL gave it up because
 * of others at the same time.
 * @param also an SQLSTATE of the caller's own that means the same
 */
export async function triedAgain<Result>(transact: () => Promise<Result>, also?: string): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact();
    } catch (error) {
      const state = sqlStateOf(error);
      if (attempt === maxAttempts || !(givenUp.has(state) || state === also)) throw error;
    }
  }
}
