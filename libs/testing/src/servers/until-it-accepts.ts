import { setTimeout } from 'node:timers/promises';
import { withConnection } from '@tidemark/grpc-kit/postgres';

// A machine that is busy with other tests takes its time to recover a database.
const limitMs = 180_000;
// With room for what a server that does one thing at a time is asked by others.
const connectionTimeoutMillis = 15_000;

/** Waits until the server answers a statement: it listens before it has recovered. */
export async function untilItAccepts(url: string): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      await ask(url);
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('The database server did not start within three minutes.', { cause });
      await setTimeout(100);
    }
  }
}

async function ask(url: string): Promise<void> {
  await withConnection({ connectionString: url, connectionTimeoutMillis }, (client) => client.query('SELECT'));
}
