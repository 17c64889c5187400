import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from '../logger.ts';
import { beginSession } from './begin-session.ts';
import { News } from './news.ts';
import { socketOf } from './socket-of.ts';

const connectTimeoutMs = 5_000;
const stopTimeoutMs = 2_000;
const shortestRetryMs = 500;
const longestRetryMs = 30_000;
// Without the connection nobody says that there is something new, so that who waits has to look.
const unheardMs = 1_000;

export interface ListenerOptions {
  readonly databaseUrl: string;
  /** What the session becomes. */
  readonly role: string;
  /** Of NOTIFY. */
  readonly channel: string;
  readonly applicationName: string;
  readonly log: Logger;
  /** A warning for when it cannot listen. */
  readonly warning: string;
}

/**
 * Hears of what instances notify one another of. One connection, made for the first, serves all that wait; while it is
 * lost they look by themselves every second.
 */
export class NotificationListener {
  readonly #options: ListenerOptions;
  readonly #stopping = new AbortController();
  readonly #news = new News();
  #running: Promise<void> | undefined;
  #listening = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Grows with what is heard; `heard` compares with it. Take it before you look into the database. */
  get news(): number {
    return this.#news.count;
  }

  /** Resolves when there is more news than `known`, or after `ms`; rejects with the signal's reason. */
  async heard(known: number, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#running ??= this.#run().catch(ignore);
    await this.#news.heard(known, this.#listening ? ms : Math.min(ms, unheardMs), signal);
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
        this.#options.log.warn({ err: error }, this.#options.warning);
      }
      await sleep(Math.min(longestRetryMs, shortestRetryMs * 2 ** failures), undefined, { signal });
    }
  }

  async #listen(onListening: () => void): Promise<void> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const client = new Client({
      connectionString: this.#options.databaseUrl,
      application_name: this.#options.applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    });
    const { promise: lost, reject } = Promise.withResolvers<never>();
    lost.catch(ignore);
    const onStop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onStop);
    client.on('error', reject);
    client.on('end', () => reject(new Error('the connection that hears of others ended')));
    client.on('notification', () => this.#news.tell());
    try {
      await Promise.race([lost, listen(client, this.#options)]);
      this.#listening = true;
      onListening();
      // What happened before it listened was told to nobody.
      this.#news.tell();
      await lost;
    } finally {
      signal.removeEventListener('abort', onStop);
      this.#listening = false;
      this.#news.tell();
      await close(client);
    }
  }
}

async function listen(client: Client, { role, channel }: ListenerOptions): Promise<void> {
  await client.connect();
  await client.query(beginSession(role));
  await client.query(`LISTEN ${channel}`);
}

/** A database that is frozen would keep the connection for ever. */
async function close(client: Client): Promise<void> {
  const cut = setTimeout(() => socketOf(client).destroy(), stopTimeoutMs);
  await client.end().catch(ignore);
  clearTimeout(cut);
}

function ignore(): void {}
