import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidemark/grpc-kit';
import { News } from '@tidemark/grpc-kit/postgres';
import { backOffMs } from '../domain/back-off.ts';
import { outboxKinds, type Deliver, type OutboxKind, type ReceiverAway } from '../domain/outbox.ts';
import { deliverRound, type Round } from './deliver-round.ts';
import { RelaySession } from './relay-session.ts';

/** Who delivers which kind. Messages of a kind without an entry stay in the outbox. */
export type Deliverers = Readonly<Partial<Record<OutboxKind, Deliver>>>;

export interface RelayOptions {
  readonly databaseUrl: string;
  readonly deliverers: Deliverers;
  /** After so many a message of the kind becomes a dead letter. */
  readonly attempts: Readonly<Record<OutboxKind, number>>;
  readonly log: Logger;
  /** After which the server ends the session of a relay that is frozen; by default a minute. */
  readonly silenceMs?: number;
  /**
   * A message that another instance put there before it died, or that no notification told of, waits at most so long; by
   * default a second.
   */
  readonly pollMs?: number;
}

const standardPollMs = 1_000;
// What comes within this time leaves together.
const gatherMs = 20;
const whileAway = { shortestMs: 200, longestMs: 10_000 };
const betweenSessions = { shortestMs: 200, longestMs: 10_000 };
// The session of a relay that is silent for a minute ends.
const longestWaitMs = 30_000;
// A delivery that is under way when the relay stops may take so long.
const stopGraceMs = 2_000;

/**
 * Takes messages from the outbox to those they are for, each kind by itself. Every instance of the service has one. What
 * a relay works on is held by its connection, so that others take it over when its process or its connection ends.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #news = new Map<string, News>(outboxKinds.map((kind) => [kind, new News()]));
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is a new message in the outbox: for those who put it there and told nobody. */
  wake(kind: OutboxKind): void {
    this.#news.get(kind)?.tell();
  }

  /** Lets what is on its way arrive, but not for long, and gives everything back. It may be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const late = setTimeout(() => this.#givingUp.abort(), stopGraceMs);
    await this.#running;
    clearTimeout(late);
  }

  /** Session after session. */
  async #run(): Promise<void> {
    const { databaseUrl, log, silenceMs } = this.#options;
    for (let failures = 1; !this.#isStopping(); failures += 1) {
      try {
        const session = await RelaySession.open(databaseUrl, (kind) => this.#news.get(kind)?.tell(), silenceMs);
        failures = 0;
        await this.#work(session).finally(() => session.close());
      } catch (error) {
        if (this.#isStopping()) return;
        log.warn({ err: error }, 'the relay of the outbox lost its connection: it makes another');
        await this.#pause(backOffMs(failures + 1, betweenSessions));
      }
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** All kinds side by side, until the relay stops or the session is lost. */
  async #work(session: RelaySession): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, session.lost, this.#givingUp.signal]);
    const lost = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    lost.catch(() => undefined);
    const work = Object.entries(this.#options.deliverers).map(([kind, deliver]) =>
      this.#deliverKind(session, kind as OutboxKind, deliver, signal),
    );
    try {
      await Promise.race([Promise.all(work), lost]);
    } finally {
      // What still works on this session must be over before another begins.
      ended.abort();
      await Promise.allSettled(work);
    }
  }

  async #deliverKind(session: RelaySession, kind: OutboxKind, deliver: Deliver, signal: AbortSignal): Promise<void> {
    const { pollMs = standardPollMs } = this.#options;
    const attempts = this.#options.attempts[kind];
    const news = this.#news.get(kind) ?? new News();
    const pausing = AbortSignal.any([signal, this.#stopping.signal]);
    let after = '';
    let timesAway = 0;
    while (!pausing.aborted) {
      const known = news.count;
      const round = await deliverRound(session, after, { kind, deliver, attempts, signal });
      this.#tell(kind, round, timesAway);
      after = round.next ?? '';
      timesAway = round.away ? timesAway + 1 : 0;
      if (round.away) await this.#pause(whileAwayMs(round.away, timesAway), signal);
      else if (round.settlement.delivered.length === 0 && round.next === undefined) {
        await news.heard(known, Math.min(pollMs, round.retryInMs), pausing);
        await this.#pause(gatherMs, signal);
      }
    }
  }

  #tell(kind: OutboxKind, { away, failures, settlement }: Round, timesAway: number): void {
    const { log } = this.#options;
    if (away && timesAway === 0) {
      log.warn({ err: away }, `nobody takes ${kind} from the outbox: it is kept, and tried again`);
    }
    if (!away && timesAway > 0) log.info(`${kind} leaves the outbox again`);
    for (const failure of failures) log.warn({ err: failure }, `${kind} could not be delivered`);
    if (settlement.dead.length > 0) {
      const ids = settlement.dead.map(({ id }) => String(id));
      log.error({ ids }, `${ids.length} messages (${kind}) became dead letters, and their lanes stand still`);
    }
  }

  async #pause(ms: number, signal?: AbortSignal): Promise<void> {
    const signals = signal ? [signal, this.#stopping.signal] : [this.#stopping.signal];
    await sleep(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
  }
}

function whileAwayMs({ retryAfterMs }: ReceiverAway, timesAway: number): number {
  return Math.max(Math.min(retryAfterMs, longestWaitMs), backOffMs(timesAway, whileAway));
}
