import { setTimeout as sleep } from 'node:timers/promises';
import { beginSession } from '@tidemark/grpc-kit/postgres';
import { serviceRole } from './database.ts';
import { GuardedClient } from './guarded-client.ts';

/** Any number that no other user of the database's advisory locks has. */
const leaderLock = 7_204_051_999;
// A leader that has not asked for anything in this time is frozen or cut off: the server ends its session, and the lock
// with it.
const silenceMs = 15_000;
const signOfLifeMs = 5_000;
const connectTimeoutMs = 5_000;
const stopTimeoutMs = 2_000;

/** A connection of its own, which may hold the leader's lock and which the server ends when it hears nothing for a while. */
export class LeaderSession {
  readonly #client: GuardedClient;
  readonly #stopping: AbortSignal;
  readonly #lost = new AbortController();
  #cutting: NodeJS.Timeout | undefined;
  /** A database that is frozen would keep a statement for ever. */
  readonly #cutSoon = (): void => {
    this.#cutting ??= setTimeout(() => this.#client.cut(), stopTimeoutMs);
  };

  constructor(databaseUrl: string, stopping: AbortSignal) {
    this.#stopping = stopping;
    this.#client = new GuardedClient({
      connectionString: databaseUrl,
      application_name: 'tidemark-users-housekeeping',
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
    await this.#query(`set idle_session_timeout = ${silenceMs}`);
    await this.#query(beginSession(serviceRole));
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
      await this.#query('select');
    }
  }

  async aliveFor(ms: number): Promise<void> {
    const until = Date.now() + ms;
    for (let left = ms; left > 0; left = until - Date.now()) {
      await this.#pause(Math.min(left, signOfLifeMs));
      await this.#query('select');
    }
  }

  async close(): Promise<void> {
    this.#stopping.removeEventListener('abort', this.#cutSoon);
    this.#cutSoon();
    await this.#client.end().catch(() => undefined);
    clearTimeout(this.#cutting);
  }

  async #isLeader(): Promise<boolean> {
    const rows = await this.#query<{ leads: boolean }>(`select pg_try_advisory_lock(${leaderLock}) as leads`);
    return rows[0]?.leads ?? false;
  }

  async #query<Row extends object>(text: string): Promise<Row[]> {
    this.#stopping.throwIfAborted();
    return (await this.#client.query<Row>(text)).rows;
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: AbortSignal.any([this.#stopping, this.#lost.signal]) });
  }
}
