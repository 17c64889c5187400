import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '@tidemark/grpc-kit';
import { socketOf } from '@tidemark/grpc-kit/postgres';
import { ignore } from './connection.ts';
import { serviceRole } from './pool.ts';

export interface RetentionJobOptions {
  databaseUrl: string;
  /** From the end of one run to the next. */
  intervalMs: number;
  log: Logger;
}

export interface RetentionJob {
  /** Lets the statement that runs finish, but not for long. It may be called twice. */
  stop(): Promise<void>;
}

/** Any number that no other user of the database's advisory locks has. */
const leaderLock = 7_204_051_993;
// A leader that has not asked for anything in this time is frozen or cut off: the server ends its session, and the lock
// with it.
const silenceMs = 15_000;
const signOfLifeMs = 5_000;
const connectTimeoutMs = 5_000;
const stopTimeoutMs = 2_000;
const shortestRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * Drops the chunks that the retention says are too old, where TimescaleDB has no policy for it. Of all instances of the
 * service one does it, the leader, who holds an advisory lock. What it does happens in the session that holds the lock,
 * so that a leader that lost the one can do no more of the other.
 */
export function startRetentionJob(options: RetentionJobOptions): RetentionJob {
  const stopping = new AbortController();
  const running = run(options, stopping.signal).catch(ignore);
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Session after session: one that breaks, or whose work fails, is followed by another, until `stopping` is aborted. */
async function run(options: RetentionJobOptions, stopping: AbortSignal): Promise<void> {
  let failures = 0;
  const onRun = (): void => void (failures = 0);
  for (;;) {
    const session = new Session(options.databaseUrl, stopping);
    try {
      await lead(session, options, onRun);
    } catch (error) {
      stopping.throwIfAborted();
      options.log.warn({ err: error }, 'the retention job failed: it will be tried again');
    } finally {
      await session.close();
    }
    await sleep(Math.min(longestRetryMs, shortestRetryMs * 2 ** failures), undefined, { signal: stopping });
    failures += 1;
  }
}

/** Waits to be the leader, and drops old chunks as long as it is. */
async function lead(session: Session, { intervalMs, log }: RetentionJobOptions, onRun: () => void): Promise<never> {
  await session.open();
  await session.becomeLeader();
  log.info('leads: this instance drops the chunks that are older than the retention');
  for (;;) {
    await dropOldChunks(session, log);
    onRun();
    await session.stayAlive(intervalMs);
  }
}

async function dropOldChunks(session: Session, log: Logger): Promise<void> {
  for (;;) {
    const { rows } = await session.query<{ chunk: string | null }>('SELECT events.drop_oldest_chunk() AS chunk');
    const chunk = rows[0]?.chunk;
    if (!chunk) return;
    log.info(`dropped ${chunk}: it is older than the retention`);
  }
}

/** A connection of its own, which the server ends when it hears nothing for a while. */
class Session {
  readonly #client: pg.Client;
  readonly #stopping: AbortSignal;
  readonly #lost = new AbortController();
  #cutting: NodeJS.Timeout | undefined;
  /** A database that is frozen would keep a statement for ever. */
  readonly #cutSoon = (): void => {
    this.#cutting ??= setTimeout(() => socketOf(this.#client).destroy(), stopTimeoutMs);
  };

  constructor(databaseUrl: string, stopping: AbortSignal) {
    this.#stopping = stopping;
    this.#client = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'tidemark-events-retention',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    });
    stopping.addEventListener('abort', this.#cutSoon);
    this.#client.on('error', (error) => this.#lost.abort(error));
    this.#client.on('end', () => this.#lost.abort(new Error('the connection of the retention job ended')));
  }

  async open(): Promise<void> {
    await this.#client.connect();
    await this.query(`SET idle_session_timeout = ${silenceMs}`);
    await this.query(`SET ROLE ${serviceRole}`);
  }

  /** Asks again and again: a statement that waited on the server would keep its snapshot for all that time. */
  async becomeLeader(): Promise<void> {
    while (!(await this.#isLeader())) await this.#pause(signOfLifeMs);
  }

  async stayAlive(ms: number): Promise<void> {
    const until = Date.now() + ms;
    for (let left = ms; left > 0; left = until - Date.now()) {
      await this.#pause(Math.min(left, signOfLifeMs));
      await this.query('SELECT');
    }
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<pg.QueryResult<Row>> {
    this.#stopping.throwIfAborted();
    return this.#client.query<Row>(text, values);
  }

  async close(): Promise<void> {
    this.#stopping.removeEventListener('abort', this.#cutSoon);
    this.#cutSoon();
    await this.#client.end().catch(ignore);
    clearTimeout(this.#cutting);
  }

  async #isLeader(): Promise<boolean> {
    const { rows } = await this.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [leaderLock]);
    return rows[0]?.leads ?? false;
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: AbortSignal.any([this.#stopping, this.#lost.signal]) });
  }
}
