import { setTimeout } from 'node:timers/promises';
import { withConnection } from '@tidemark/grpc-kit/postgres';

const limitMs = 60_000;

/** Waits until the server answers a statement: it listens before it has recovered. */
export async function untilItAccepts(url: string): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      await ask(url);
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('The database server did not start within a minute.', { cause });
      await setTimeout(100);
    }
  }
}

async function ask(url: string): Promise<void> {
  await withConnection({ connectionString: url, connectionTimeoutMillis: 5_000 }, (client) => client.query('SELECT'));
}
