import pg from 'pg';

/**
 * Runs one statement. When the signal is aborted it rejects at once, and the statement is cancelled on the server, which
 * pg's own time limits would leave running.
 */
export async function query<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  signal: AbortSignal,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return withClient(pool, signal, async (client) => {
    const result = await client.query<Row>(text, [...values]);
    return result.rows;
  });
}

/** Lends a connection to `use` for as long as it takes, or until the signal is aborted. */
async function withClient<Result>(
  pool: pg.Pool,
  signal: AbortSignal,
  use: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const connecting = pool.connect();
  const client = await orAborted(signal, connecting, () => void connecting.then((late) => late.release(), ignore));
  const using = use(client);
  const result = await orAborted(signal, using, () => {
    using.catch(ignore);
    void cancel(pool, client);
  }).catch((error: unknown) => {
    client.release(signal.aborted);
    throw error;
  });
  client.release();
  return result;
}

/** The outcome of `work`, or the abort's reason as soon as there is one, after `abandon`. */
async function orAborted<Result>(signal: AbortSignal, work: Promise<Result>, abandon: () => void): Promise<Result> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      abandon();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Cancels over a connection of its own: the pool may have none to spare, all of them busy with slow statements. It takes
 * no role on, since only the login user may cancel what the login user began.
 */
async function cancel(pool: pg.Pool, client: pg.PoolClient): Promise<void> {
  const { processID } = client as pg.PoolClient & { processID: number };
  const canceller = new pg.Client(pool.options);
  try {
    await canceller.connect();
    await canceller.query('SELECT pg_cancel_backend($1)', [processID]);
  } catch {
    // The statement then runs to its end on a connection that is already given up.
  } finally {
    await canceller.end().catch(ignore);
  }
}

function ignore(): void {}
