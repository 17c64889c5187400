import type pg from 'pg';

/** A connection of the pool, unless the signal is aborted first; the caller releases it. */
export async function connect(pool: pg.Pool, signal: AbortSignal): Promise<pg.PoolClient> {
  signal.throwIfAborted();
  const connecting = pool.connect();
  return orAborted(signal, connecting, () => void connecting.then((late) => late.release(), ignore));
}

/** The outcome of `work`, or the abort's reason as soon as there is one, after `abandon`. */
export async function orAborted<Result>(
  signal: AbortSignal,
  work: Promise<Result>,
  abandon: () => void,
): Promise<Result> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      abandon();
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

export function ignore(): void {}
