import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { EventsServiceClient, type StreamEventsRequest, type StreamEventsResponse } from '@tidemark/contracts/events';
import { RpcError } from '@tidemark/grpc-kit';
import { ImportFailed } from './import-failed.ts';
import type { Batch } from './read-batches.ts';

export interface StreamObserver {
  /** A batch is committed. */
  onAnswer(batch: Batch, answer: StreamEventsResponse): void;
  /** The service is away, and is tried until it answers again. */
  onLost(reason: string): void;
  /** So many events are sent again: whether they had been stored is not known. */
  onResend(events: number): void;
}

export interface StreamOptions {
  /** "host:port" of the events service. */
  address: string;
  signal: AbortSignal;
  observer: StreamObserver;
  /** How long the service may take to be there at the start; default 30 s. */
  reachWithinMs?: number;
  /** How long it may answer nothing once it was there; default 5 minutes. */
  patienceMs?: number;
}

interface Sent {
  readonly sequence: bigint;
  readonly batch: Batch;
  written: boolean;
}

// Enough that the service never waits for the next batch while it commits one.
const windowBatches = 4;
// A service that `npm start` starts again, with its database, takes so long on a busy machine.
const reachWithinMs = 30_000;
const firstBackoffMs = 250;
// Longer than a service that is there takes to be connected to.
const silenceMs = 1_500;
const maxBackoffMs = 5_000;

/**
 * Sends batches over StreamEvents until each is answered, which means committed. When the connection breaks, it connects
 * again and sends again all that has no answer: the ids of the events make that safe.
 *
 * One caller at a time: `send` waits while the window is full, and so nothing needs to wait for the stream's `drain`.
 */
export class BatchStream {
  readonly #client: EventsServiceClient;
  readonly #address: string;
  readonly #signal: AbortSignal;
  readonly #observer: StreamObserver;
  readonly #patienceMs: number;
  /** In the order sent. */
  readonly #unanswered: Sent[] = [];
  #nextSequence = 1n;
  #call: ClientDuplexStream<StreamEventsRequest, StreamEventsResponse> | undefined;
  readonly #closing = new AbortController();
  #connecting = false;
  #isLost = false;
  #backoffMs = firstBackoffMs;
  #lastFault = '';
  #failure: Error | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #wake = (): void => undefined;
  readonly #interrupt = (): void => this.#fail(this.#signal.reason as Error);

  /** @throws ImportFailed where nothing is listening there */
  static async open(options: StreamOptions): Promise<BatchStream> {
    const stream = new BatchStream(options);
    try {
      await stream.#ready(options.reachWithinMs ?? reachWithinMs);
    } catch (cause) {
      stream.close();
      options.signal.throwIfAborted();
      throw new ImportFailed(`cannot reach the events service at ${options.address}: is it running (npm start)?`, {
        cause,
      });
    }
    return stream;
  }

  private constructor({ address, signal, observer, patienceMs = 300_000 }: StreamOptions) {
    this.#address = address;
    this.#signal = signal;
    this.#observer = observer;
    this.#patienceMs = patienceMs;
    this.#client = new EventsServiceClient(address, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': firstBackoffMs,
      'grpc.max_reconnect_backoff_ms': maxBackoffMs,
      // A machine that vanished sends no sign of it.
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
    });
    signal.addEventListener('abort', this.#interrupt, { once: true });
  }

  get unansweredEvents(): number {
    return eventsIn(this.#unanswered);
  }

  /** Waits until the batch is on its way. */
  async send(batch: Batch): Promise<void> {
    await this.#until(() => this.#unanswered.length < windowBatches);
    const sent = { sequence: this.#nextSequence, batch, written: false };
    this.#nextSequence += 1n;
    this.#unanswered.push(sent);
    if (this.#unanswered.length === 1) this.#watch();
    if (this.#call) write(this.#call, sent);
    else void this.#connect();
  }

  /** Waits until every batch is answered. */
  async finish(): Promise<void> {
    await this.#until(() => this.#unanswered.length === 0);
    this.#call?.end();
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#interrupt);
    clearTimeout(this.#watchdog);
    this.#closing.abort();
    const call = this.#call;
    this.#call = undefined;
    call?.cancel();
    this.#client.close();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (this.#failure === undefined && !condition()) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits until there is a connection. */
  async #ready(withinMs: number): Promise<void> {
    this.#signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const interrupt = (): void => reject(this.#signal.reason as Error);
      this.#signal.addEventListener('abort', interrupt, { once: true });
      this.#client.waitForReady(Date.now() + withinMs, (error) => {
        this.#signal.removeEventListener('abort', interrupt);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  async #connect(afterMs = 0): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    // Where nothing was under way when the connection broke, nobody has been told.
    const late = setTimeout(() => this.#lost(), silenceMs);
    try {
      await sleep(afterMs, undefined, { signal: this.#closing.signal });
      await this.#ready(this.#patienceMs);
      this.#connecting = false;
      this.#open();
    } catch {
      // It is closed, or interrupted, or the watchdog has said why.
      this.#connecting = false;
    } finally {
      clearTimeout(late);
    }
  }

  #open(): void {
    if (this.#failure !== undefined) return;
    const call = this.#client.streamEvents();
    this.#call = call;
    call.on('data', (answer: StreamEventsResponse) => this.#answered(call, answer));
    call.on('error', (error: ServiceError) => this.#broken(call, new RpcError(error)));
    call.on('status', () => this.#broken(call, undefined));
    const again = eventsIn(this.#unanswered.filter(({ written }) => written));
    if (again > 0) this.#observer.onResend(again);
    for (const sent of this.#unanswered) write(call, sent);
  }

  #answered(call: unknown, answer: StreamEventsResponse): void {
    if (call !== this.#call) return;
    const [first] = this.#unanswered;
    if (first?.sequence !== answer.sequence) {
      this.#fail(new ImportFailed(`${this.#address} answered out of order: is it Tidemark's events service?`));
      return;
    }
    this.#unanswered.shift();
    this.#backoffMs = firstBackoffMs;
    this.#isLost = false;
    this.#lastFault = '';
    this.#watch();
    this.#observer.onAnswer(first.batch, answer);
    this.#wake();
  }

  #broken(call: unknown, error: RpcError | undefined): void {
    if (call !== this.#call) return;
    this.#call = undefined;
    if (error && !isWorthTryingAgain(error)) {
      this.#fail(new ImportFailed(`the events service refused: ${error.message}`, { cause: error }));
      return;
    }
    this.#lastFault = error?.message ?? 'it ended the stream';
    // With nothing under way, the next batch connects.
    if (this.#unanswered.length === 0) return;
    this.#lost();
    void this.#connect(this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, maxBackoffMs);
  }

  /** Tells it once, if the connection did break. */
  #lost(): void {
    if (this.#lastFault === '' || this.#isLost) return;
    this.#observer.onLost(this.#lastFault);
    this.#isLost = true;
  }

  /** Starts the time anew within which the service has to answer. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#unanswered.length === 0) return;
    this.#watchdog = setTimeout(() => {
      const last = this.#lastFault && ` (last: ${this.#lastFault})`;
      const minutes = Math.round(this.#patienceMs / 60_000);
      this.#fail(
        new ImportFailed(`the events service at ${this.#address} answered nothing for ${minutes} minutes${last}`),
      );
    }, this.#patienceMs);
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#wake();
  }
}

function write(call: ClientDuplexStream<StreamEventsRequest, StreamEventsResponse>, sent: Sent): void {
  sent.written = true;
  // The times are of the clock that wrote the log: this machine's clock, as sent_at, would tell nothing about them.
  call.write({ sequence: sent.sequence, events: [...sent.batch.events], sentAt: undefined });
}

function eventsIn(batches: readonly Sent[]): number {
  return batches.reduce((sum, { batch }) => sum + batch.events.length, 0);
}

/** A failure of the connection, for which grpc-js has several codes, or one that the service calls temporary. */
function isWorthTryingAgain({ code, reason }: RpcError): boolean {
  if (code === status.UNAVAILABLE || code === status.ABORTED || code === status.DEADLINE_EXCEEDED) return true;
  const isOfTheService = reason !== '';
  return !isOfTheService && (code === status.INTERNAL || code === status.UNKNOWN || code === status.CANCELLED);
}
