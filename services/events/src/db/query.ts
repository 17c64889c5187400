import { withConnection } from '@tidemark/grpc-kit/postgres';
import type pg from 'pg';
import { connect, ignore, orAborted } from './connection.ts';

/**
 * Runs one statement. When the signal is aborted it rejects at once, and the statement is cancelled on the server, which
 * pg's own time limits would leave running.
 */
export async function query<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  signal: AbortSignal,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<Row[]> {
  const client = await connect(pool, signal);
  try {
    const rows = await queryOn<Row>(pool, client, signal, text, values, name);
    client.release();
    return rows;
  } catch (error) {
    // A connection whose statement may still run is given up.
    client.release(signal.aborted);
    throw error;
  }
}

/**
 * The same on a connection of the pool; after an abort it is to be given up.
 *
 * @param name with one, each connection parses and plans the statement once
 */
export async function queryOn<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  client: pg.PoolClient,
  signal: AbortSignal,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<Row[]> {
  // Without both by the simple protocol, in which a procedure may commit on every version of the server.
  const running =
    values.length > 0 || name !== undefined
      ? client.query<Row>({ text, values: [...values], ...(name !== undefined && { name }) })
      : client.query<Row>(text);
  const { rows } = await orAborted(signal, running, () => {
    running.catch(ignore);
    void cancel(pool, client).catch(ignore);
  });
  return rows;
}

/**
 * Cancels over a connection of its own: the pool may have none to spare, all of them busy with slow statements. It takes
 * no role on, since only the login user may cancel what the login user began. Where it fails, the statement runs to its
 * end.
 */
async function cancel(pool: pg.Pool, client: pg.PoolClient): Promise<void> {
  const { processID } = client as pg.PoolClient & { processID: number };
  await withConnection(pool.options, (canceller) => canceller.query('SELECT pg_cancel_backend($1)', [processID]));
}
