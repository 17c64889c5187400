import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { DevDatabase } from '../src/index.ts';

/** A client that says exactly these bytes, also such as no driver would. */
export class RawClient {
  readonly #socket: net.Socket;
  readonly #chunks: Buffer[] = [];
  readonly ended: Promise<void>;
  #hasEnded = false;

  constructor(db: DevDatabase) {
    this.#socket = net.connect(Number(new URL(db.url).port), '127.0.0.1');
    this.#socket.on('data', (chunk) => this.#chunks.push(chunk));
    this.#socket.on('error', () => {});
    this.ended = new Promise((ended) =>
      this.#socket.on('close', () => {
        this.#hasEnded = true;
        ended();
      }),
    );
  }

  static async login(db: DevDatabase): Promise<RawClient> {
    const client = new RawClient(db);
    client.send(LOGIN);
    await client.hears(READY);
    client.forget();
    return client;
  }

  send(...parts: Buffer[]): void {
    for (const part of parts) this.#socket.write(part);
  }

  /** All that the server has said, a character a byte. */
  get heard(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  forget(): void {
    this.#chunks.length = 0;
  }

  async hears(what: string, withinMs = 45_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!this.heard.includes(what)) {
      if (this.#hasEnded || Date.now() > deadline)
        throw new Error(`not heard before the end or within ${withinMs} ms: ${JSON.stringify(what)}`);
      await wait(10);
    }
  }

  vanish(): void {
    this.#socket.destroy();
  }
}

/** Everything the server says to these bytes until it ends the connection. */
export async function saidToTheEnd(db: DevDatabase, ...parts: Buffer[]): Promise<string> {
  const client = new RawClient(db);
  client.send(...parts);
  await client.ended;
  return client.heard;
}

/** What the server says to these bytes until it is ready for a query. */
export async function saidUntilReady(db: DevDatabase, ...parts: Buffer[]): Promise<string> {
  const client = new RawClient(db);
  client.send(...parts);
  await client.hears(READY);
  client.vanish();
  return client.heard;
}

export function startup(...words: string[]): Buffer {
  const body = Buffer.from(`${words.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(196608, 4);
  return Buffer.concat([head, body]);
}

export function frame(type: string, body = ''): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, 'latin1');
  bytes.writeInt32BE(4 + body.length, 1);
  bytes.write(body, 5, 'latin1');
  return bytes;
}

export const parse = (name: string, sql: string): Buffer => frame('P', `${name}\0${sql}\0\0\0`);
export const bind = (name: string): Buffer => frame('B', `\0${name}\0\0\0\0\0\0\0`);
export const execute = frame('E', '\0\0\0\0\0');
export const flush = frame('H');
export const sync = frame('S');
export const terminate = frame('X');

export const LOGIN = startup('user', 'postgres', 'database', 'postgres');

/** ReadyForQuery, with no transaction open. */
export const READY = 'Z\0\0\0\x05I';
