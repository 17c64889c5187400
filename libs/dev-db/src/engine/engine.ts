import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { scan, type Notification, type Summary } from '../wire/backend-messages.ts';
import { query } from '../wire/messages.ts';
import { SIGNAL, type EngineEvent, type EngineOrder, type EngineStart } from './orders.ts';

export interface Ready extends Summary {
  /** ReadyForQuery's: I idle, T in a transaction, E in a failed one. */
  status: 'I' | 'T' | 'E';
  /** Whether there was an error on the way. */
  failed: boolean;
}

/** PostgreSQL as seen from the thread with the sockets: one conversation at a time. */
export class Engine {
  /** Called once, when PostgreSQL can no longer be trusted: the process has to end. */
  onFatal: (reason: string) => void = () => {};
  /** Called when all input sent so far has been taken. */
  onDrained: () => void = () => {};
  /** Called whoever's conversation brings them. */
  onNotifications: (notifications: Notification[]) => void = () => {};
  readonly #port: MessagePort;
  readonly #signal: Int32Array;
  readonly #replies = new Map<string, (event: EngineEvent) => void>();
  #sent = 0;
  #sink: ((chunk: Buffer, summary: Summary) => void) | undefined;
  #ready: ((ready: Ready) => void) | undefined;
  #tags: string[] = [];
  #acknowledged = 0;
  #failed = false;
  #isOpen = false;
  #ended = false;

  static async open(options: { dataDir?: string; template?: string }): Promise<Engine> {
    const engine = new Engine(options);
    const { promise: failure, reject } = Promise.withResolvers<never>();
    engine.onFatal = (reason) => reject(new Error(reason));
    await Promise.race([engine.#reply('open'), failure]);
    engine.#isOpen = true;
    return engine;
  }

  private constructor(options: { dataDir?: string; template?: string }) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#signal = new Int32Array(new SharedArrayBuffer(12));
    const start: EngineStart = { ...options, port: port2, signal: this.#signal };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: start,
      transferList: [port2],
      stderr: true,
    });
    // PostgreSQL's last words belong to the report of its death; otherwise they are of no use to anybody.
    let lastWords = '';
    worker.stderr.on('data', (words: Buffer) => (lastWords = (lastWords + words.toString()).slice(-2000)));
    worker.on('error', (error: unknown) => {
      // A wrong template or folder is said in a line; what goes wrong later needs its place in the code.
      const trace = error instanceof Error && this.#isOpen ? error.stack : undefined;
      this.#over(`${trace ?? String(error)}\n${lastWords}`.trim());
    });
    worker.on('exit', () => this.#over(`PostgreSQL's thread ended.\n${lastWords}`.trim()));
    this.#port.on('message', (event: ArrayBuffer | EngineEvent) => this.#received(event));
  }

  /** Sends a whole unit and passes on what comes back, until PostgreSQL is ready again. */
  converse(bytes: Buffer[], sink: (chunk: Buffer, summary: Summary) => void): Promise<Ready> {
    return new Promise((resolve) => {
      this.#sink = sink;
      this.#ready = resolve;
      this.#tags = [];
      this.#acknowledged = 0;
      this.#failed = false;
      this.feed(bytes);
    });
  }

  /** More input for the conversation under way. */
  feed(messages: Buffer[]): void {
    const length = messages.reduce((sum, message) => sum + message.length, 0);
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const message of messages) {
      bytes.set(message, at);
      at += message.length;
    }
    this.#sent = (this.#sent + length) | 0;
    this.#order(bytes.buffer, [bytes.buffer]);
  }

  /** Bytes sent and not yet taken. */
  get backlog(): number {
    return (this.#sent - Atomics.load(this.#signal, SIGNAL.consumed)) | 0;
  }

  askDrained(): void {
    Atomics.store(this.#signal, SIGNAL.wantsDrained, 1);
    Atomics.add(this.#signal, SIGNAL.orders, 1);
    Atomics.notify(this.#signal, SIGNAL.orders);
  }

  /** Runs SQL of the server's own, in the session that is on, and reads the rows as text. */
  async ask(sql: string): Promise<{ rows: (string | null)[][]; ready: Ready; error?: string; code?: string }> {
    const rows: (string | null)[][] = [];
    let failure: { error?: string; code?: string } = {};
    const ready = await this.converse([query(sql)], (_chunk, summary) => {
      rows.push(...summary.rows());
      if (summary.error) failure = { error: summary.error.message, code: summary.error.code };
    });
    return { rows, ready, ...failure };
  }

  /** Like ask(), for SQL that cannot fail: if it does, that is a fault of dev-db, and is said. */
  async do(sql: string): Promise<(string | null)[][]> {
    const { rows, error } = await this.ask(sql);
    if (error !== undefined) process.stderr.write(`dev-db: its own SQL failed with "${error}": ${sql}\n`);
    return rows;
  }

  /** Returns the name of a refused startup setting. */
  async admit(
    session: number,
    user: string,
    startup: Map<string, string>,
    superuser: boolean,
  ): Promise<string | undefined> {
    this.#order({ kind: 'admit', session, user, startup, superuser });
    const event = await this.#reply('admitted');
    return event.kind === 'admitted' ? event.refused : undefined;
  }

  enter(session: number): void {
    this.#order({ kind: 'enter', session });
  }

  forget(session: number): void {
    this.#order({ kind: 'forget', session });
  }

  async dump(file: string): Promise<void> {
    this.#order({ kind: 'dump', file });
    const event = await this.#reply('dumped');
    if (event.kind === 'dumped' && event.message !== undefined) throw new Error(event.message);
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#order({ kind: 'close' });
    await this.#reply('closed');
  }

  #received(event: ArrayBuffer | EngineEvent): void {
    if (!(event instanceof ArrayBuffer)) {
      if (event.kind === 'drained') this.onDrained();
      this.#replies.get(event.kind)?.(event);
      this.#replies.delete(event.kind);
      return;
    }
    const chunk = Buffer.from(event);
    const summary = scan(chunk);
    this.#tags.push(...summary.tags);
    this.#acknowledged += summary.acknowledged;
    this.#failed ||= summary.error !== undefined;
    if (summary.notifications.length > 0) this.onNotifications(summary.notifications);
    this.#sink?.(chunk, summary);
    // Out of memory leaves PostgreSQL's state in doubt in this build; a FATAL or PANIC ends a backend anyway.
    if (summary.error && (summary.error.code === '53200' || /FATAL|PANIC/.test(summary.error.severity))) {
      this.#over(`${summary.error.severity} ${summary.error.code} ${summary.error.message}`);
    }
    if (summary.status === undefined) return;
    const ready = this.#ready;
    this.#ready = this.#sink = undefined;
    const { status } = summary;
    ready?.({ ...summary, tags: this.#tags, acknowledged: this.#acknowledged, failed: this.#failed, status });
  }

  #over(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onFatal(reason);
  }

  #reply(kind: EngineEvent['kind']): Promise<EngineEvent> {
    return new Promise((resolve) => this.#replies.set(kind, resolve));
  }

  #order(order: EngineOrder, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(order, transfer);
    Atomics.add(this.#signal, SIGNAL.orders, 1);
    Atomics.notify(this.#signal, SIGNAL.orders);
  }
}
