import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { beginSession } from './begin-session.ts';
import { socketOf } from './socket-of.ts';

export interface LeaderSessionOptions {
  readonly databaseUrl: string;
  /** What the session becomes. */
  readonly role: string;
  /** The advisory lock that makes a leader: any number that no other user of the database's advisory locks has. */
  readonly lock: number;
  readonly applicationName: string;
}

// A leader that has not asked for anything in this time is frozen or cut off: the server ends its session, and the lock
// with it.
const silenceMs = 15_000;
const signOfLifeMs = 5_000;
const connectTimeoutMs = 5_000;
const stopTimeoutMs = 2_000;

/** A connection of its own, which may hold the leader's lock and which the server ends when it hears nothing for a while. */
export class LeaderSession {
  readonly #client: Client;
  readonly #options: LeaderSessionOptions;
  readonly #stopping: AbortSignal;
  readonly #lost = new AbortController();
  #cutting: NodeJS.Timeout | undefined;
  /** A database that is frozen would keep a statement for ever. */
  readonly #cutSoon = (): void => {
    this.#cutting ??= setTimeout(() => socketOf(this.#client).destroy(), stopTimeoutMs);
  };

  constructor(options: LeaderSessionOptions, stopping: AbortSignal) {
    this.#options = options;
    this.#stopping = stopping;
    this.#client = new Client({
      connectionString: options.databaseUrl,
      application_name: options.applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    });
    stopping.addEventListener('abort', this.#cutSoon);
    this.#client.on('error', (error) => this.#lost.abort(error));
    this.#client.on('end', () => this.#lost.abort(new Error('the connection of the leader ended')));
  }

  /** Aborted when the connection is gone, and the lock with it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async open(): Promise<void> {
    await this.#client.connect();
    await this.query(`set idle_session_timeout = ${silenceMs}`);
    await this.query(beginSession(this.#options.role));
  }

  /** Asks again and again: a statement that waited on the server would keep its snapshot for all that time. */
  async becomeLeader(): Promise<void> {
    while (!(await this.#isLeader())) await this.#pause(signOfLifeMs);
  }

  async aliveWhile(work: Promise<void>): Promise<void> {
    const done = work.then(() => true);
    for (;;) {
      const pause = this.#pause(signOfLifeMs).then(() => false);
      if (await Promise.race([done, pause])) return;
      await this.query('select');
    }
  }

  async aliveFor(ms: number): Promise<void> {
    const until = Date.now() + ms;
    for (let left = ms; left > 0; left = until - Date.now()) {
      await this.#pause(Math.min(left, signOfLifeMs));
      await this.query('select');
    }
  }

  async query<Row extends QueryResultRow>(text: string): Promise<Row[]> {
    this.#stopping.throwIfAborted();
    return (await this.#client.query<Row>(text)).rows;
  }

  async close(): Promise<void> {
    this.#stopping.removeEventListener('abort', this.#cutSoon);
    this.#cutSoon();
    await this.#client.end().catch(() => undefined);
    clearTimeout(this.#cutting);
  }

  async #isLeader(): Promise<boolean> {
    const rows = await this.query<{ leads: boolean }>(`select pg_try_advisory_lock(${this.#options.lock}) as leads`);
    return rows[0]?.leads ?? false;
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: AbortSignal.any([this.#stopping, this.#lost.signal]) });
  }
}
