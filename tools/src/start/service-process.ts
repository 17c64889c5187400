import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { workspaceRoot } from '../generate-contracts.ts';

export interface ServiceOptions {
  name: 'events' | 'users';
  env: Readonly<Record<string, string>>;
  /** How long it may take to stop before it is killed. */
  stopTimeoutMs: number;
  /** It was serving, and died too often. */
  onGaveUp: (why: string) => void;
}

/** The process could not start, and has said why. */
export class ProcessRefused extends Error {}

const maxCrashes = 5;
const crashWindowMs = 60_000;

/** Runs the migrations of a service to their end. */
export async function runMigrations({ name, env }: Pick<ServiceOptions, 'name' | 'env'>): Promise<void> {
  const [code] = (await once(forkEntry(name, 'migrate', env), 'exit')) as [number | null];
  if (code !== 0) throw new ProcessRefused();
}

/** A service as a process of its own, which is started again when it dies. */
export class ServiceProcess {
  readonly #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #crashes: number[] = [];
  #stopping = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Waits until it serves. */
  async start(): Promise<void> {
    const child = forkEntry(this.#options.name, 'main', this.#options.env);
    this.#child = child;
    const exited = once(child, 'exit');
    const listening = await Promise.race([once(child, 'message').then(() => true), exited.then(() => false)]);
    if (!listening) throw new ProcessRefused();
    void exited.then(() => this.#onDeath());
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeoutMs);
    await exited;
    clearTimeout(killer);
  }

  #onDeath(): void {
    if (this.#stopping) return;
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((at) => at > now - crashWindowMs), now];
    if (this.#crashes.length > maxCrashes) {
      this.#options.onGaveUp(`The ${this.#options.name} service ended more than ${maxCrashes} times within a minute.`);
      return;
    }
    process.stderr.write(`The ${this.#options.name} service ended by itself; starting it again.\n`);
    setTimeout(
      () => {
        // One that dies before it serves, while the database restarts say, counts as a death too.
        if (!this.#stopping) this.start().catch(() => this.#onDeath());
      },
      250 * 2 ** this.#crashes.length,
    );
  }
}

/** In a process group of its own: a Ctrl-C is for the parent, which stops its children in order. */
function forkEntry(name: string, entry: 'main' | 'migrate', env: Readonly<Record<string, string>>): ChildProcess {
  return fork(`${workspaceRoot}services/${name}/src/${entry}.ts`, {
    cwd: workspaceRoot,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}
