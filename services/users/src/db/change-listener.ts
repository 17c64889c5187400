import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidemark/grpc-kit';
import { beginSession } from '@tidemark/grpc-kit/postgres';
import { serviceRole } from './database.ts';
import { GuardedClient } from './guarded-client.ts';

const connectTimeoutMs = 5_000;
const stopTimeoutMs = 2_000;
const shortestRetryMs = 500;
const longestRetryMs = 30_000;
// Without the connection nobody says that there is something new, so that who waits has to look.
const unheardMs = 1_000;

/**
 * Hears of changes of users, through whatever instance they are made. One connection, made for the first, serves all
 * that wait; while it is lost they look by themselves every second.
 */
export class ChangeListener {
  readonly #databaseUrl: string;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<() => void>();
  #running: Promise<void> | undefined;
  #listening = false;
  #news = 0;

  constructor(options: { databaseUrl: string; log: Logger }) {
    this.#databaseUrl = options.databaseUrl;
    this.#log = options.log;
  }

  /** Grows with what is heard; `heard` compares with it. Take it before you look into the database. */
  get news(): number {
    return this.#news;
  }

  /** Resolves when there is more news than `known`, or after `ms`; rejects with the signal's reason. */
  async heard(known: number, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#running ??= this.#run().catch(ignore);
    if (this.#news > known) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => resolve(undefined);
    const timer = setTimeout(wake, this.#listening ? ms : Math.min(ms, unheardMs));
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(wake);
    signal.removeEventListener('abort', wake);
    signal.throwIfAborted();
  }

  /** It may be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Connection after connection, until it is stopped. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; ; failures++) {
      try {
        await this.#listen(() => (failures = 0));
      } catch (error) {
        signal.throwIfAborted();
        this.#log.warn({ err: error }, 'cannot hear of changes: who watches looks for them every second');
      }
      await sleep(Math.min(longestRetryMs, shortestRetryMs * 2 ** failures), undefined, { signal });
    }
  }

  async #listen(onListening: () => void): Promise<void> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const client = new GuardedClient({
      connectionString: this.#databaseUrl,
      application_name: 'tidemark-users-listener',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    });
    const { promise: lost, reject } = Promise.withResolvers<never>();
    lost.catch(ignore);
    const onStop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onStop);
    client.on('error', reject);
    client.on('end', () => reject(new Error('the connection that hears of changes ended')));
    client.on('notification', () => this.#tell());
    try {
      await Promise.race([lost, listen(client)]);
      this.#listening = true;
      onListening();
      // What was changed before it listened was told to nobody.
      this.#tell();
      await lost;
    } finally {
      signal.removeEventListener('abort', onStop);
      this.#listening = false;
      this.#tell();
      await close(client);
    }
  }

  #tell(): void {
    this.#news += 1;
    for (const wake of this.#waiting) wake();
  }
}

async function listen(client: GuardedClient): Promise<void> {
  await client.connect();
  await client.query(beginSession(serviceRole));
  await client.query('listen tidemark_users_changed');
}

/** A database that is frozen would keep the connection for ever. */
async function close(client: GuardedClient): Promise<void> {
  const cut = setTimeout(() => client.cut(), stopTimeoutMs);
  await client.end().catch(ignore);
  clearTimeout(cut);
}

function ignore(): void {}
