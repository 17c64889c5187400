import { PostgreSqlConnection, type Configuration, type Transaction } from '@mikro-orm/postgresql';

/**
 * Does the work while nobody else does such work on this database; whoever comes second waits, as long as its
 * `lock_timeout` allows. The lock has a connection of its own, because the pool may have no second one to spare.
 */
export async function alone<Result>(config: Configuration, work: () => Promise<Result>): Promise<Result> {
  const connection = new PostgreSqlConnection(config);
  try {
    await connection.connect();
    // Taken from the pool for all that time: the pool would close it when it idles, and the lock ends with it.
    const reserved = connection.getClient().connection();
    return await reserved.execute(async (session) => {
      await connection.execute('SELECT pg_advisory_lock(?, ?)', lock, 'run', session as Transaction);
      return work();
    });
  } finally {
    await connection.close(true);
  }
}

/** Any two numbers that others are not likely to use. */
const lock = [0x6d6f7403, 1];
