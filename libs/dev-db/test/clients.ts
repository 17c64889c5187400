import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { DevDatabase } from '../src/index.ts';

const open = new Set<pg.Client>();

/** A connected client; closeClients() ends it. */
export async function connect(db: DevDatabase, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const url = new URL(db.url);
  const client = new pg.Client({
    host: url.hostname,
    port: Number(url.port),
    user: 'postgres',
    database: 'postgres',
    ...config,
  });
  client.on('error', () => {});
  await client.connect();
  open.add(client);
  return client;
}

export async function closeClients(): Promise<void> {
  await Promise.all([...open].map((client) => client.end().catch(() => {})));
  open.clear();
}

/** The single value of the first row, as text. */
export async function value(client: pg.Client, sql: string): Promise<unknown> {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

/** The SQLSTATE that this ends with. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code,
  );
}

export async function isPending(work: Promise<unknown>, forMs = 100): Promise<boolean> {
  return Promise.race([work.then(() => false), wait(forMs, true)]);
}

export async function until(condition: () => Promise<boolean> | boolean, withinMs = 45_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${String(condition)}`);
    await wait(20);
  }
}

/** Ends a client as a crash of its program would. */
export function crash(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
