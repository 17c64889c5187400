import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keptLog } from '../kept-output.ts';

/** Where a service's code comes from: the bundle that `nx build` makes, or its sources. */
export type Code = 'dist' | 'src';

export interface ServiceOptions {
  service: 'events' | 'users';
  databaseUrl: string;
  code?: Code;
  /** 0 or absent: any free one. */
  port?: number;
  env?: Readonly<Record<string, string>>;
  /** Keeps what it says on standard error to itself. */
  quiet?: boolean;
  /** For Node, such as `--cpu-prof`. */
  nodeOptions?: readonly string[];
}

/** An instance of a service, as a process. */
export class ServiceProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly exited: Promise<unknown>;

  private constructor(child: ChildProcess, port: number, exited: Promise<unknown>) {
    this.#child = child;
    this.port = port;
    this.exited = exited;
  }

  /** Resolves when it serves. */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const child = forkEntry('main', options);
    const exited = once(child, 'exit');
    const [first] = (await Promise.race([
      once(child, 'message'),
      exited.then(() => {
        throw new Error('the service ended before it served: standard error tells why.');
      }),
    ])) as [{ listening: number }];
    return new ServiceProcess(child, first.listening, exited);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.exited;
  }
}

/** Brings the schema up to date. */
export async function migrateService(options: ServiceOptions): Promise<void> {
  const [code] = (await once(forkEntry('migrate', options), 'exit')) as [number | null];
  if (code !== 0) throw new Error('the migration failed: standard error tells why.');
}

function forkEntry(entry: 'main' | 'migrate', options: ServiceOptions): ChildProcess {
  const { service, databaseUrl, code = 'dist', port = 0, env = {}, quiet = false, nodeOptions = [] } = options;
  const file = `../../../../services/${service}/${code}/${entry}.${code === 'dist' ? 'js' : 'ts'}`;
  const log = keptLog();
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: {
      PATH: process.env['PATH'],
      LOG_LEVEL: log === 'ignore' ? 'fatal' : 'trace',
      DATABASE_URL: databaseUrl,
      [service === 'events' ? 'EVENTS_PORT' : 'USERS_PORT']: String(port),
      ...env,
    },
    execArgv: [...nodeOptions],
    stdio: ['ignore', log, quiet ? log : 'inherit', 'ipc'],
  });
  if (log !== 'ignore') closeSync(log);
  return child;
}
