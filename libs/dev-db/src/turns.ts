import type { Engine, Ready } from './engine/engine.ts';
import type { Connection } from './wire/connection.ts';
import { endsUnit, isTerminate } from './wire/inbox.ts';
import { ABORT, copyFail, query, SYNC, typeOf } from './wire/messages.ts';

export interface Limits {
  waitLimitMs: number;
  idleInTransactionLimitMs: number;
}

/** What happens around a connection's turn, beside running what it sent. */
export interface TurnEvents {
  /** Before the first unit: the backend becomes this connection's. */
  enter(connection: Connection): Promise<void>;
  heard(connection: Connection, unit: Buffer[]): void;
  /** After each unit. */
  answered(connection: Connection, ready: Ready): void;
  /** After each unit that left no transaction open. */
  settled(connection: Connection, ready: Ready): Promise<void>;
}

/**
 * Who has the one backend, and who is next: first come, first served. A connection keeps it for as long as PostgreSQL
 * says that its transaction is open, whatever SQL opened it. Then the next in the queue has it, for one unit or one
 * transaction.
 */
export class Turns {
  readonly #engine: Engine;
  readonly #limits: Limits;
  readonly #events: TurnEvents;
  readonly #queue: Turn[] = [];
  #busy = false;
  #holder: Connection | undefined;

  constructor(engine: Engine, limits: Limits, events: TurnEvents) {
    this.#engine = engine;
    this.#limits = limits;
    this.#events = events;
    engine.onDrained = () => this.#holder?.resume();
  }

  /** Queues a connection that has something to run. */
  request(connection: Connection): void {
    if (connection.hasTurn || this.#queue.some((turn) => turn.connection === connection)) return;
    const limit = this.#busy ? setTimeout(() => this.#tooLate(connection), this.#limits.waitLimitMs) : undefined;
    this.#enqueue({ connection, limit, run: () => this.#serve(connection) });
  }

  /** Queues work of the server's own. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ run: () => work().then(resolve, reject) });
    });
  }

  /** Takes a waiting connection's unit out of the queue. Returns whether it was waiting. */
  withdraw(connection: Connection): boolean {
    const at = this.#queue.findIndex((turn) => turn.connection === connection);
    if (at === -1) return false;
    for (const turn of this.#queue.splice(at, 1)) clearTimeout(turn.limit);
    return true;
  }

  #tooLate(connection: Connection): void {
    if (!this.withdraw(connection)) return;
    connection.refuseUnit(
      '55P03',
      `canceling statement due to the wait limit: the one backend was busy for ${this.#limits.waitLimitMs} ms`,
      'The embedded database runs one transaction at a time; look for one that is held open.',
    );
    if (connection.inbox.hasUnit) this.request(connection);
  }

  #enqueue(turn: Turn): void {
    this.#queue.push(turn);
    if (!this.#busy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    for (let turn = this.#queue.shift(); turn; turn = this.#queue.shift()) {
      clearTimeout(turn.limit);
      await turn.run();
    }
    this.#busy = false;
  }

  async #serve(connection: Connection): Promise<void> {
    this.#holder = connection;
    connection.hasTurn = true;
    await this.#events.enter(connection);
    let status: Ready['status'] = 'I';
    do {
      if (connection.gone && status === 'I') break;
      const news = await connection.news(this.#limits.idleInTransactionLimitMs);
      if (news === 'late') this.#idleTooLong(connection);
      const unit = news === 'input' ? connection.inbox.takeUnit() : [];
      if (isTerminate(unit)) connection.close();
      const lost = connection.names.lostBefore(unit);
      if (lost) await this.#engine.converse([lost, SYNC], () => {});
      const ready = connection.gone
        ? await this.#engine.converse([query('ROLLBACK')], () => {})
        : await this.#converse(connection, unit);
      status = ready.status;
      this.#events.answered(connection, ready);
      if (status === 'I') await this.#events.settled(connection, ready);
    } while (status !== 'I' || (connection.inbox.hasUnit && this.#queue.length === 0));
    connection.hasTurn = false;
    this.#holder = undefined;
    if (connection.inbox.hasUnit) this.request(connection);
  }

  async #converse(connection: Connection, unit: Buffer[]): Promise<Ready> {
    const { inbox } = connection;
    const isSimple = endsUnit(unit) && unit.at(-1)?.[0] !== SYNC_TYPE;
    let needsSync = !endsUnit(unit);
    let copy: 'none' | 'running' | 'over' = 'none';
    let lastFed = Date.now();

    const feed = (messages: Buffer[]): void => {
      if (messages.length === 0) return;
      lastFed = Date.now();
      this.#events.heard(connection, messages);
      this.#engine.feed(messages.map((message) => connection.names.rewrite(message)));
      if (this.#engine.backlog > BACKLOG_LIMIT) {
        connection.pause();
        this.#engine.askDrained();
      } else {
        connection.resume();
      }
    };
    const more = (): void => {
      if (connection.gone) {
        const end = copy === 'running' ? [copyFail('the client went away')] : needsSync ? [ABORT] : [];
        const rescue = needsSync ? [...end, SYNC] : end;
        copy = 'over';
        needsSync = false;
        if (rescue.length > 0) this.#engine.feed(rescue);
        return;
      }
      const messages = copy === 'running' ? inbox.takeCopy() : needsSync ? inbox.takeUnit() : [];
      if (isTerminate(messages)) {
        connection.close();
        return;
      }
      for (const message of messages) {
        const type = typeOf(message);
        if (type === COPY_DONE || type === COPY_FAIL) copy = 'over';
        if (type === SYNC_TYPE && copy !== 'running') needsSync = false;
      }
      feed(messages);
      if (copy === 'running' && inbox.leavesCopy) connection.leaveCopy();
    };
    let watch: NodeJS.Timeout | undefined;
    const watchClient = (): void => {
      const limit = this.#limits.idleInTransactionLimitMs;
      watch ??= setInterval(
        () => {
          const waitsForClient = (copy === 'running' || needsSync) && this.#engine.backlog === 0;
          if (waitsForClient && Date.now() - lastFed >= limit) this.#idleTooLong(connection);
        },
        Math.min(1000, limit),
      );
    };

    // It may have been told to wait while it waited for its turn.
    connection.resume();
    if (needsSync) watchClient();
    this.#events.heard(connection, unit);
    connection.onNews(more);
    const ready = await this.#engine.converse(
      unit.map((message) => connection.names.rewrite(message)),
      (chunk, summary) => {
        connection.deliver(chunk, summary);
        if (summary.error && copy === 'running') copy = 'over';
        if (summary.copyIn) {
          copy = 'running';
          // The Sync that came along was read, and passed over, as part of the COPY.
          needsSync = !isSimple;
          watchClient();
        }
        if (summary.status === undefined) more();
      },
    );
    clearInterval(watch);
    connection.names.acknowledge(ready.acknowledged);
    connection.onNews(undefined);
    connection.resume();
    return ready;
  }

  #idleTooLong(connection: Connection): void {
    connection.fail(
      '25P03',
      'terminating connection due to idle-in-transaction timeout',
      `Everybody else waits while a transaction is open; ${this.#limits.idleInTransactionLimitMs} ms is the limit.`,
    );
  }
}

interface Turn {
  connection?: Connection;
  limit?: NodeJS.Timeout | undefined;
  run: () => Promise<void>;
}

const SYNC_TYPE = 0x53;
const COPY_DONE = 0x63;
const COPY_FAIL = 0x66;

/** As much as PostgreSQL may be behind before a client is slowed down. */
const BACKLOG_LIMIT = 4 << 20;
