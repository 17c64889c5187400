import { sqlStateOf } from '@tidemark/grpc-kit';

// https://www.postgresql.org/docs/17/errcodes-appendix.html: given up so that another transaction can go on.
const givenUp = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);
const maxTries = 5;

/** Repeats a statement, a transaction of its own, that two at once made PostgreSQL give up. */
export async function beginAgain<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries === maxTries || !givenUp.has(sqlStateOf(error))) throw error;
    }
  }
}
