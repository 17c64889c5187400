import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that takes events like the service and stores nothing. */
export class NullServer {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.address = `127.0.0.1:${port}`;
  }

  static async start(): Promise<NullServer> {
    const child = fork(fileURLToPath(new URL('./null-process.ts', import.meta.url)));
    const [{ listening }] = (await once(child, 'message')) as [{ listening: number }];
    return new NullServer(child, listening);
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }
}
