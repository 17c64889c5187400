import { beginSession } from '@tidemark/grpc-kit/postgres';
import type { QueryResult, QueryResultRow } from 'pg';
import { serviceRole } from '../db/database.ts';
import { GuardedClient } from '../db/guarded-client.ts';
import { outboxChannel } from '../db/put-into-outbox.ts';
import type { Queryable } from '../db/queryable.ts';

const connectTimeoutMs = 5_000;
const closeTimeoutMs = 2_000;
// A connection that was cut without a word answers nothing.
const queryTimeoutMs = 60_000;
// A relay that has not asked for anything in this time is frozen or cut off: the server ends its session, and others take
// its lanes. The embedded database has no such limit.
const longestSilenceMs = 60_000;

/** The connection of a relay: it holds lanes, and hears of new messages. */
export class RelaySession implements Queryable {
  readonly #client: GuardedClient;
  #last: Promise<unknown> = Promise.resolve();
  readonly #lost = new AbortController();
  /** A delivery can take longer than the server waits, such as that of many mails to a slow server. */
  readonly #signsOfLife: NodeJS.Timeout;

  private constructor(databaseUrl: string, heard: (kind: string) => void, silenceMs: number) {
    this.#client = new GuardedClient({
      connectionString: databaseUrl,
      application_name: 'tidemark-users-relay',
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: queryTimeoutMs,
      keepAlive: true,
    });
    this.#client.on('error', (error) => this.#lost.abort(error));
    this.#client.on('end', () => this.#lost.abort(new Error('the connection of the relay ended')));
    this.#client.on('notification', ({ payload = '' }) => heard(payload));
    this.#signsOfLife = setInterval(() => void this.query('select', []).catch(() => undefined), silenceMs / 3);
  }

  /** @param silenceMs after which the server ends the session of a process that is frozen */
  static async open(
    databaseUrl: string,
    heard: (kind: string) => void,
    silenceMs = longestSilenceMs,
  ): Promise<RelaySession> {
    const session = new RelaySession(databaseUrl, heard, silenceMs);
    try {
      await session.#client.connect();
      await session.#client.query(beginSession(serviceRole));
      await session.#client.query(`set idle_session_timeout = ${silenceMs}; listen ${outboxChannel}`);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** One after another: the kinds of messages share the connection. */
  async query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<QueryResult<Row>> {
    const result = this.#last.then(() => this.#client.query<Row>(text, values));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Aborted when the connection is gone, and with it all that it held. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** A database that is frozen would keep the connection for ever. */
  async close(): Promise<void> {
    clearInterval(this.#signsOfLife);
    const cut = setTimeout(() => this.#client.cut(), closeTimeoutMs);
    await this.#client.end().catch(() => undefined);
    clearTimeout(cut);
  }
}
