import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataDirLocked, PortTaken, StartFailed } from './faults.ts';
import type { ChildOptions, Order, Report } from './protocol.ts';

export interface DevDatabaseOptions {
  /** Absent: in memory. */
  dataDir?: string;
  /** 0 or absent: any free port. */
  port?: number;
  /** A snapshot file to begin from when the data folder is empty, or in memory. */
  template?: string;
  /** How often due TimescaleDB jobs are run; default 10,000; false: never. */
  jobIntervalMs?: number | false;
  /** How long a connection may wait for the backend before 55P03; default 30,000. */
  waitLimitMs?: number;
  /** How long a transaction may idle before 25P03, rollback and the end of the connection; default 60,000. */
  idleInTransactionLimitMs?: number;
  /** For the caller's log. */
  onEvent?: (event: DevDatabaseEvent) => void;
}

export type DevDatabaseEvent =
  /** The process died and another serves the same port and folder. */
  | { kind: 'restarted'; pid: number; reason: string }
  /** It died and stays dead: in memory, where the data went with it, or after too many crashes. */
  | { kind: 'gave-up'; reason: string }
  | { kind: 'stopped' }
  | { kind: 'job-failed'; job: number; message: string };

export interface DevDatabase {
  /** postgresql://postgres@127.0.0.1:PORT/postgres; the same after a restart. */
  readonly url: string;
  /** Of the process that serves now. */
  readonly pid: number;
  /** Writes everything into one file that `template` takes. The database waits meanwhile. */
  snapshot(file: string): Promise<void>;
  /** May be called twice. Clients should have gone: what they have open is rolled back. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded TimescaleDB as a child process, which dies with this one.
 *
 * @throws DataDirLocked, PortTaken, StartFailed
 */
export async function start(options: DevDatabaseOptions = {}): Promise<DevDatabase> {
  const supervisor = new Supervisor(options);
  await supervisor.launch();
  return supervisor;
}

class Supervisor implements DevDatabase {
  readonly #options: ChildOptions;
  readonly #onEvent: (event: DevDatabaseEvent) => void;
  #child: ChildProcess | undefined;
  #crashes: number[] = [];
  #stopping: Promise<void> | undefined;
  #lastFault = '';

  constructor(options: DevDatabaseOptions) {
    this.#options = {
      ...(options.dataDir === undefined ? {} : { dataDir: resolve(options.dataDir) }),
      ...(options.template === undefined ? {} : { template: resolve(options.template) }),
      port: options.port ?? 0,
      jobIntervalMs: options.jobIntervalMs ?? 10_000,
      waitLimitMs: options.waitLimitMs ?? 30_000,
      idleInTransactionLimitMs: options.idleInTransactionLimitMs ?? 60_000,
    };
    this.#onEvent = options.onEvent ?? (() => {});
  }

  get url(): string {
    return `postgresql://postgres@127.0.0.1:${this.#options.port}/postgres`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async launch(): Promise<void> {
    const child = fork(CHILD, [JSON.stringify(this.#options)], {
      // --watch, --inspect or jest's switches in NODE_OPTIONS are this process's own business.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, NODE_OPTIONS: '' },
      serialization: 'json',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', (report: Report) => this.#hear(report));
    const { promise, resolve: opened, reject } = Promise.withResolvers<void>();
    child.on('message', (report: Report) => {
      if (report.kind === 'ready') opened();
      else reject(faultOf(report));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new StartFailed(`its process ended with ${signal ?? code}`)));
    await promise;
    child.removeAllListeners('exit');
    child.once('exit', (code, signal) => void this.#died(`its process ended with ${signal ?? `code ${code}`}`));
    // The child must not keep a finished program or test run alive.
    child.unref();
    child.channel?.unref();
  }

  async snapshot(file: string): Promise<void> {
    const child = this.#child!;
    child.channel?.ref();
    try {
      this.#order({ kind: 'snapshot', file: resolve(file) });
      const report = await Promise.race([reportOf(child, 'snapshot-taken'), once(child, 'exit').then(() => undefined)]);
      if (report?.kind !== 'snapshot-taken') throw new Error('The database process ended during the snapshot.');
      if (report.message !== undefined) throw new Error(report.message);
    } finally {
      child.channel?.unref();
    }
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.removeAllListeners('exit');
    child.ref();
    const exited = once(child, 'exit');
    this.#order({ kind: 'stop' });
    // A statement that runs on cannot be interrupted; kill -9 is safe, see README.md.
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(patience);
    this.#onEvent({ kind: 'stopped' });
  }

  #order(order: Order): void {
    if (this.#child?.connected) this.#child.send(order);
  }

  #hear(report: Report): void {
    if (report.kind === 'ready') this.#options.port = report.port;
    if (report.kind === 'fatal') this.#lastFault = report.message;
    if (report.kind === 'job-failed') this.#onEvent(report);
  }

  async #died(how: string): Promise<void> {
    const reason = this.#lastFault === '' ? how : `${how}: ${this.#lastFault}`;
    this.#lastFault = '';
    if (this.#stopping) return;
    if (this.#options.dataDir === undefined) {
      return this.#onEvent({ kind: 'gave-up', reason: `${reason}. It was in memory: its data is gone.` });
    }
    for (;;) {
      this.#crashes = [...this.#crashes.filter((at) => at > Date.now() - 60_000), Date.now()];
      if (this.#crashes.length >= CRASHES_A_MINUTE) {
        return this.#onEvent({
          kind: 'gave-up',
          reason: `${reason}. That was crash ${this.#crashes.length} in a minute.`,
        });
      }
      await new Promise((wait) => setTimeout(wait, 50 * 2 ** this.#crashes.length));
      if (this.#stopping) return;
      try {
        await this.launch();
        return this.#onEvent({ kind: 'restarted', pid: this.pid, reason });
      } catch {
        // Counts as another crash.
      }
    }
  }
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
const CRASHES_A_MINUTE = 5;
const STOP_LIMIT_MS = 5_000;

function reportOf(child: ChildProcess, kind: Report['kind']): Promise<Report> {
  return new Promise((found) => {
    const hear = (report: Report): void => {
      if (report.kind !== kind) return;
      child.off('message', hear);
      found(report);
    };
    child.on('message', hear);
  });
}

function faultOf(report: Report): Error {
  if (report.kind === 'locked') return new DataDirLocked(report.dataDir, report.pid);
  if (report.kind === 'port-taken') return new PortTaken(report.port);
  return new StartFailed('message' in report ? (report.message ?? '') : report.kind);
}
