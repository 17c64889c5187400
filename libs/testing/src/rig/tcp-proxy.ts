import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

interface Pair {
  near: Socket;
  far: Socket;
}

/** Passes connections on, and breaks them when it is told to. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #target: { host: string; port: number };

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => this.#passOn(near));
  }

  static async to(target: { host: string; port: number }): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  /** From now on, new connections go there. */
  retarget(port: number): void {
    this.#target = { ...this.#target, port };
  }

  /** Breaks every connection, in the middle of whatever it carries. */
  cut(): void {
    for (const pair of this.#pairs) close(pair);
  }

  /** Lets requests through but no replies, for a while, and then breaks the connections. */
  async loseReplies(ms: number): Promise<void> {
    const losing = [...this.#pairs];
    for (const { near, far } of losing) far.unpipe(near).resume();
    await setTimeout(ms);
    for (const pair of losing) close(pair);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #passOn(near: Socket): void {
    const pair = { near, far: connect(this.#target) };
    this.#pairs.add(pair);
    for (const socket of [near, pair.far]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        close(pair);
      });
    }
    near.pipe(pair.far);
    pair.far.pipe(near);
  }
}

function close({ near, far }: Pair): void {
  near.destroy();
  far.destroy();
}
