import type pg from 'pg';
import { connect } from './connection.ts';
import { queryOn } from './query.ts';

export type Run = <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** Runs statements that all see the database as it was at one moment. */
export async function inSnapshot<Result>(
  pool: pg.Pool,
  signal: AbortSignal,
  work: (run: Run) => Promise<Result>,
): Promise<Result> {
  const client = await connect(pool, signal);
  try {
    await queryOn(pool, client, signal, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const result = await work((text, values) => queryOn(pool, client, signal, text, values));
    // Nothing was written: the answer need not wait for the end.
    client.query('COMMIT').then(
      () => client.release(),
      () => client.release(true),
    );
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
