import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Summary } from './backend-messages.ts';
import { Framing, MalformedMessage } from './framing.ts';
import { Inbox, isTerminate } from './inbox.ts';
import { AUTHENTICATION_OK, backendKey, errorResponse, negotiateVersion, notification } from './messages.ts';
import { parameterStatus, ready, typeOf } from './messages.ts';
import { parseStartup, type StartupPacket } from './startup.ts';
import { StatementNames } from './statement-names.ts';

export type Login = Extract<StartupPacket, { kind: 'login' }>;

/** What a connection needs of the server; the server decides when it is heard. */
export interface Reception {
  login(connection: Connection, login: Login): Promise<void>;
  cancel(pid: number, secret: number): void;
  /** There is a unit to be run. */
  input(connection: Connection): void;
  closed(connection: Connection): void;
}

/** One client's socket: framing, startup, and what has been said on it and not been answered. */
export class Connection {
  /** Number of the session, and the process id that the client is told. */
  readonly id: number;
  readonly secret = randomInt(1, 2 ** 31);
  readonly inbox = new Inbox();
  readonly names: StatementNames;
  /** Channels that it listens to. */
  readonly channels = new Set<string>();
  /** Whether PostgreSQL is reading from this connection now. */
  hasTurn = false;
  gone = false;
  readonly #socket: Socket;
  readonly #reception: Reception;
  readonly #framing = new Framing();
  readonly #startupLimit: NodeJS.Timeout;
  #state: 'startup' | 'login' | 'open' = 'startup';
  #paused = false;
  #wake: (() => void) | undefined;

  constructor(id: number, socket: Socket, reception: Reception) {
    this.id = id;
    this.names = new StatementNames(id);
    this.#socket = socket;
    this.#reception = reception;
    socket.setNoDelay(true);
    this.#startupLimit = setTimeout(() => socket.destroy(), STARTUP_LIMIT_MS);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => this.#over());
    socket.on('close', () => this.#over());
  }

  /** The login was accepted. */
  welcome(login: Login, parameters: ReadonlyArray<readonly [string, string]>): void {
    this.#state = 'open';
    this.send(
      Buffer.concat([
        ...(login.negotiate ? [negotiateVersion(login.negotiate)] : []),
        AUTHENTICATION_OK,
        ...parameters.map(([name, value]) => parameterStatus(name, value)),
        backendKey(this.id, this.secret),
        ready('I'),
      ]),
    );
  }

  /** Passes on what PostgreSQL said to this connection. */
  deliver(chunk: Buffer, { cuts, error }: Summary): void {
    let from = 0;
    for (const { start, end } of error ? [...cuts, error].sort((one, other) => one.start - other.start) : cuts) {
      this.send(chunk.subarray(from, start));
      if (start === error?.start) this.send(this.names.restoreIn(chunk.subarray(start, end)));
      from = end;
    }
    this.send(from === 0 ? chunk : chunk.subarray(from));
  }

  notify(pid: number, channel: string, payload: string): void {
    this.send(notification(pid, channel, payload));
  }

  /** Answers the next unit with an error, in PostgreSQL's place; the connection goes on. */
  refuseUnit(code: string, text: string, hint?: string): void {
    const whole = this.inbox.dropUnit();
    this.send(errorResponse('ERROR', code, text, hint));
    // Otherwise PostgreSQL answers the Sync that is still to come.
    if (whole) this.send(ready('I'));
    this.resume();
  }

  /** Ends the connection with a FATAL error. */
  fail(code: string, text: string, hint?: string): void {
    if (this.gone) return;
    this.send(errorResponse('FATAL', code, text, hint));
    this.#socket.end();
    this.#over();
  }

  /** Ends the connection as PostgreSQL does when the message that is next has no place in the COPY under way. */
  leaveCopy(): void {
    if (isTerminate(this.inbox.takeUnit())) this.close();
    else this.fail('08P01', 'unexpected message type during COPY from stdin');
  }

  close(): void {
    this.#socket.end();
    this.#over();
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Waits for more input or the end. */
  async news(limitMs: number): Promise<'input' | 'gone' | 'late'> {
    while (!this.inbox.hasUnit && !this.gone) {
      const { promise, resolve } = Promise.withResolvers<'news' | 'late'>();
      const timer = setTimeout(resolve, limitMs, 'late');
      this.onNews(() => resolve('news'));
      const outcome = await promise;
      clearTimeout(timer);
      this.onNews(undefined);
      if (outcome === 'late') return 'late';
    }
    return this.inbox.hasUnit ? 'input' : 'gone';
  }

  /** Called at each arrival, and at the end, while the connection has its turn. */
  onNews(listener: (() => void) | undefined): void {
    this.#wake = listener;
  }

  send(bytes: Buffer): void {
    if (bytes.length > 0 && !this.gone && this.#socket.writable) this.#socket.write(bytes);
  }

  #received(chunk: Buffer): void {
    if (this.gone) return;
    try {
      for (const message of this.#framing.push(chunk)) this.#hear(message);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.fail('08P01', error.message);
      this.#socket.destroySoon();
    }
    this.#wake?.();
    if (this.inbox.bytes > INBOX_LIMIT) this.pause();
  }

  #hear(message: Buffer): void {
    if (this.gone) return;
    if (this.#state === 'open') this.#accept(message);
    else if (this.#state === 'startup') this.#startup(message);
    else throw new MalformedMessage('unexpected message before the login was answered');
  }

  #accept(message: Buffer): void {
    const type = typeOf(message);
    // A client whose COPY has failed still sends data for a while.
    if (!this.hasTurn && (type === 0x64 || type === 0x63 || type === 0x66)) return;
    if (type === TERMINATE && !this.hasTurn && !this.inbox.hasUnit) {
      this.close();
      return;
    }
    this.inbox.add(message);
    if (!this.hasTurn && this.inbox.hasUnit) this.#reception.input(this);
  }

  #startup(message: Buffer): void {
    const packet = parseStartup(message);
    if (packet.kind === 'encryption') {
      this.send(Buffer.from('N'));
    } else if (packet.kind === 'cancel') {
      this.#reception.cancel(packet.pid, packet.secret);
      this.close();
    } else {
      clearTimeout(this.#startupLimit);
      this.#framing.startupDone();
      this.#state = 'login';
      void this.#reception.login(this, packet);
    }
  }

  #over(): void {
    if (this.gone) return;
    this.gone = true;
    clearTimeout(this.#startupLimit);
    this.inbox.clear();
    this.#socket.end();
    this.#socket.resume();
    this.#wake?.();
    this.#reception.closed(this);
  }
}

const TERMINATE = 0x58;
const STARTUP_LIMIT_MS = 10_000;
const INBOX_LIMIT = 4 << 20;
