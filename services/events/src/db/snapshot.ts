import type pg from 'pg';
import { connect, ignore } from './connection.ts';
import { queryOn } from './query.ts';

export type Run = <Row extends pg.QueryResultRow>(
  text: string,
  values: readonly unknown[],
  name?: string,
) => Promise<Row[]>;

/** Runs statements that all see the database as it was at one moment. */
export async function inSnapshot<Result>(
  pool: pg.Pool,
  signal: AbortSignal,
  work: (run: Run) => Promise<Result>,
): Promise<Result> {
  const client = await connect(pool, signal);
  try {
    // Not awaited: the client sends what follows when it is done. Where it fails, so does that.
    client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY').catch(ignore);
    const result = await work((text, values, name) => queryOn(pool, client, signal, text, values, name));
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
