import { setTimeout } from 'node:timers/promises';
import { ServiceProcess, type ServiceOptions } from './service-process.ts';
import { TcpProxy } from './tcp-proxy.ts';

/**
 * An instance of the service that dies and comes back, at an address that stays: clients reach it through a proxy, and
 * it reaches its database through another.
 */
export class Instance {
  readonly #toDatabase: TcpProxy;
  readonly #toService: TcpProxy;
  readonly #options: ServiceOptions;
  #process: ServiceProcess | undefined;
  #isEnding = false;

  private constructor(toDatabase: TcpProxy, toService: TcpProxy, options: ServiceOptions) {
    this.#toDatabase = toDatabase;
    this.#toService = toService;
    this.#options = options;
  }

  static async start(options: ServiceOptions): Promise<Instance> {
    const url = new URL(options.databaseUrl);
    const toDatabase = await TcpProxy.to({ host: url.hostname, port: Number(url.port || 5432) });
    url.host = `127.0.0.1:${toDatabase.port}`;
    // Nothing listens on this port until the service tells its own.
    const toService = await TcpProxy.to({ host: '127.0.0.1', port: 1 });
    const instance = new Instance(toDatabase, toService, { ...options, databaseUrl: url.href });
    await instance.#launch();
    return instance;
  }

  /** For clients. */
  get address(): string {
    return `127.0.0.1:${this.#toService.port}`;
  }

  /** kill -9, and another process in its place. */
  async kill(downMs: number): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.exited;
    await setTimeout(downMs);
    await this.#launch();
  }

  /** SIGTERM, and another process in its place. */
  async restart(): Promise<void> {
    await this.#process?.stop();
    await this.#launch();
  }

  async pause(ms: number): Promise<void> {
    this.#process?.signal('SIGSTOP');
    await setTimeout(ms);
    this.#process?.signal('SIGCONT');
  }

  cutClients(): void {
    this.#toService.cut();
  }

  loseReplies(ms: number): Promise<void> {
    return this.#toService.loseReplies(ms);
  }

  cutDatabase(): void {
    this.#toDatabase.cut();
  }

  loseDatabaseReplies(ms: number): Promise<void> {
    return this.#toDatabase.loseReplies(ms);
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#process?.signal('SIGKILL');
    await this.#process?.exited;
    await Promise.all([this.#toService.stop(), this.#toDatabase.stop()]);
  }

  /** Tries until it serves: a database that is down keeps it from starting. */
  async #launch(): Promise<void> {
    const patience = Date.now() + launchLimitMs;
    while (!this.#isEnding) {
      try {
        this.#process = await ServiceProcess.start({ quiet: true, ...this.#options });
        this.#toService.retarget(this.#process.port);
        return;
      } catch (error) {
        if (Date.now() > patience) throw error;
        await setTimeout(200);
      }
    }
  }
}

// A busy machine, and a database that is killed meanwhile, make it long.
const launchLimitMs = 180_000;
