import { fork, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DataDirLocked, NotRunning, PortTaken, StartFailed } from './faults.ts';
import { partOf, type ChildOptions, type Order, type Report } from './protocol.ts';

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
  /**
   * Writes everything into one file that `template` takes. The database waits meanwhile.
   *
   * @throws NotRunning
   */
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
  /** How the present child ended, once it has. */
  #exited = Promise.resolve('');
  #crashes: number[] = [];
  #stopping: Promise<void> | undefined;
  #lastFault = '';
  #lastSnapshot = 0;
  readonly #snapshots = new Map<number, (failure: string | undefined) => void>();

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
    const exited = new Promise<string>((ended) => {
      child.once('exit', (code, signal) => ended(`its process ended with ${signal ?? `code ${String(code)}`}`));
    });
    this.#exited = exited;
    const ready = Promise.withResolvers<undefined>();
    let fault: Error | undefined;
    child.on('message', (report: Report) => {
      this.#hear(report);
      if (report.kind === 'ready') ready.resolve(undefined);
      else fault ??= faultOf(report);
    });
    child.on('error', ready.reject);
    // Only then is the folder free for another try.
    void exited.then((how) => ready.reject(fault ?? new StartFailed(how)));
    await ready.promise;
    void exited.then((how) => this.#died(how));
    // The child must not keep a finished program or test run alive.
    child.unref();
    child.channel?.unref();
  }

  async snapshot(file: string): Promise<void> {
    const child = this.#child;
    if (!child?.connected || this.#wasStopped()) throw new NotRunning();
    const id = ++this.#lastSnapshot;
    const path = resolve(file);
    const taken = new Promise<string | undefined>((answered) => this.#snapshots.set(id, answered));
    child.channel?.ref();
    this.#order({ kind: 'snapshot', id, file: path });
    const ended = this.#exited.then(async () => {
      await rm(partOf(path), { force: true });
      return 'the database process ended.';
    });
    const failure = await Promise.race([taken, ended]);
    this.#snapshots.delete(id);
    if (this.#snapshots.size === 0) child.channel?.unref();
    if (failure !== undefined) throw new Error(`There is no snapshot ${path}: ${failure}`);
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode === null && child.signalCode === null) {
      child.ref();
      this.#order({ kind: 'stop' });
      // A statement that runs on cannot be interrupted; kill -9 is safe, see README.md.
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await this.#exited;
      clearTimeout(patience);
    }
    this.#onEvent({ kind: 'stopped' });
  }

  #wasStopped(): boolean {
    return this.#stopping !== undefined;
  }

  #order(order: Order): void {
    if (this.#child?.connected) this.#child.send(order);
  }

  #hear(report: Report): void {
    if (report.kind === 'ready') this.#options.port = report.port;
    if (report.kind === 'fatal') this.#lastFault = report.message;
    if (report.kind === 'job-failed') this.#onEvent(report);
    if (report.kind === 'snapshot-taken') this.#snapshots.get(report.id)?.(report.message);
  }

  async #died(how: string): Promise<void> {
    let reason = this.#lastFault === '' ? how : `${how}: ${this.#lastFault}`;
    this.#lastFault = '';
    if (this.#wasStopped()) return;
    if (this.#options.dataDir === undefined) {
      this.#onEvent({ kind: 'gave-up', reason: `${reason}. It was in memory: its data is gone.` });
      return;
    }
    for (;;) {
      this.#crashes = [...this.#crashes.filter((at) => at > Date.now() - 60_000), Date.now()];
      const crashes = this.#crashes.length;
      if (crashes >= CRASHES_A_MINUTE) {
        this.#onEvent({ kind: 'gave-up', reason: `${reason}. That was crash ${crashes} in a minute.` });
        return;
      }
      await wait(50 * 2 ** crashes);
      if (this.#wasStopped()) return;
      try {
        await this.launch();
        if (!this.#wasStopped()) this.#onEvent({ kind: 'restarted', pid: this.pid, reason });
        return;
      } catch (error) {
        // Counts as another crash.
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
const CRASHES_A_MINUTE = 5;
const STOP_LIMIT_MS = 5_000;

function faultOf(report: Report): Error {
  if (report.kind === 'locked') return new DataDirLocked(report.dataDir, report.pid);
  if (report.kind === 'port-taken') return new PortTaken(report.port);
  return new StartFailed('message' in report ? (report.message ?? '') : report.kind);
}
