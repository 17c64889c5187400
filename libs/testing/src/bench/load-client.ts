import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Outcome, Reply } from './load.ts';

/** A process that makes load, and takes orders. */
export class LoadClient<Order extends object> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  /** @param program a file that calls `takeOrders` */
  constructor(program: URL) {
    this.#child = fork(fileURLToPath(program), { execArgv: ['--expose-gc', '--max-old-space-size=4096'] });
    this.#ended = once(this.#child, 'exit').then(() => {
      throw new Error('the load client ended: what it said is above.');
    });
  }

  /** One order at a time. */
  async ask(order: Order): Promise<Outcome> {
    this.#child.send(order);
    const [reply] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Reply];
    if ('failure' in reply) throw new Error(`the load client failed: ${reply.failure}`);
    return reply.outcome;
  }

  stop(): void {
    this.#ended.catch(() => undefined);
    this.#child.disconnect();
  }
}
