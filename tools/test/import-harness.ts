import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EventsServiceService, QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import { rpcClient } from '@tidemark/grpc-kit';
import { freePort, testDatabase } from '@tidemark/testing';

const main = pathOf('../src/import/main.ts');
const service = (file: string): string => pathOf(`../../services/events/src/${file}`);

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** What a child process gets: jest's own switches are none of its business. */
function environment(extra: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '', INIT_CWD: '', LOG_LEVEL: 'error', ...extra };
}

export interface EventsProcess {
  readonly port: number;
  /** It answers nothing from then on, until it is killed. */
  freeze(): void;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  /** How many events are stored on each UTC day, such as `{ '2015-05-17': 1632 }`. */
  countByDay(start: string, end: string): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

/** The events service as a process of its own, on a fresh database. */
export async function startEventsProcess(retention: 'none' | '3 months'): Promise<EventsProcess> {
  const database = await testDatabase({
    schemaDirs: [service('db'), pathOf('../../libs/mikro-orm-timescale/src')],
    variant: retention === 'none' ? 'none' : '',
    migrate: (url) => migrate(url, retention),
  });
  let child = await startService(database.url, await freePort());
  const port = child.port;
  const client = rpcClient(EventsServiceService, `127.0.0.1:${port}`);
  const kill = async (): Promise<void> => {
    const exited = once(child.process, 'exit');
    child.process.kill('SIGKILL');
    await exited;
  };
  return {
    port,
    freeze: () => void child.process.kill('SIGSTOP'),
    kill,
    async restart() {
      child = await startService(database.url, port);
    },
    async countByDay(start, end) {
      const { buckets } = await client.queryBuckets(
        QueryBucketsRequest.fromPartial({
          range: { start: timestamp(start), end: timestamp(end) },
          width: { count: 1, unit: TimeUnit.DAY },
        }),
      );
      return Object.fromEntries(
        buckets.map((bucket) => [
          new Date(Number(bucket.start?.seconds) * 1_000).toISOString().slice(0, 10),
          Number(bucket.count),
        ]),
      );
    },
    async stop() {
      client.close();
      if (child.process.exitCode === null && child.process.signalCode === null) await kill();
      await database.stop();
    },
  };
}

async function migrate(databaseUrl: string, retention: string): Promise<void> {
  const child = spawn(process.execPath, [service('migrate.ts')], {
    env: environment({ DATABASE_URL: databaseUrl, EVENTS_RETENTION: retention }),
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the migration ended with ${code}`);
}

async function startService(databaseUrl: string, port: number): Promise<{ process: ChildProcess; port: number }> {
  const child = fork(service('main.ts'), {
    env: environment({ DATABASE_URL: databaseUrl, EVENTS_PORT: String(port) }),
    execArgv: [],
  });
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the events service did not start'))),
  ])) as [{ listening: number }];
  return { process: child, port: message.listening };
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `npm run import` as a process, whose standard input can be written bit by bit. */
export class ImportProcess {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(process.execPath, [main, ...args], { env: environment(env) });
    this.#child.stdout?.on('data', (bytes: Buffer) => (this.stdout += bytes.toString()));
    this.#child.stderr?.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()));
    // It may end without reading all that it is given.
    this.#child.stdin?.on('error', () => undefined);
    this.#closed = once(this.#child, 'close');
  }

  async write(text: string | Buffer): Promise<void> {
    const { stdin } = this.#child;
    if (stdin && !stdin.write(text)) await once(stdin, 'drain');
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** For a test that failed before its end. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async end(rest: string | Buffer = ''): Promise<Outcome> {
    this.#child.stdin?.end(rest);
    return this.outcome();
  }

  async outcome(): Promise<Outcome> {
    await this.#closed;
    return { code: this.#child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

function timestamp(day: string): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Date.parse(day) / 1_000), nanos: 0 };
}
