import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('stream-client.ts', import.meta.url));

/** A client in a process of its own, that is killed and started again; what it got is in a file. */
export class StreamProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tidemark-stream-'));
  readonly #file = join(this.#folder, 'received');
  #kill: () => Promise<void> = () => Promise.resolve();

  /** The ids of the events received, in order. */
  get ids(): string[] {
    return this.#lines().flatMap((line) => (JSON.parse(line) as { ids: string[] }).ids);
  }

  /** Goes on where it was killed. */
  start(method: 'tail' | 'export', port: number): { ended: Promise<number | null> } {
    const child = spawn(process.execPath, [program, method, `127.0.0.1:${port}`, this.#file], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    this.#kill = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    return { ended };
  }

  kill(): Promise<void> {
    return this.#kill();
  }

  /** Waits for so many messages. */
  async messages(count: number): Promise<void> {
    while (this.#lines().length < count) await sleep(5);
  }

  /** Waits for so many events. */
  async events(count: number): Promise<void> {
    while (this.ids.length < count) await sleep(20);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }

  #lines(): string[] {
    if (!existsSync(this.#file)) return [];
    // The last one may be half written.
    return readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
  }
}
