import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a process has written so far, to both of its outputs. */
export interface Output {
  text: string;
}

export interface Running {
  child: ChildProcess;
  output: Output;
  exit: Promise<number | null>;
}

/** The bundle of a service, as `nx build` made it. */
export function forkBuilt(
  service: 'events' | 'users',
  entry: 'main' | 'migrate',
  env: Record<string, string>,
): Running {
  const child = fork(`${root}services/${service}/dist/${entry}.js`, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return watch(child);
}

/** A program of the workspace, as `npm run` calls it. Its standard input is the caller's to write and to end. */
export function runTool(tool: 'start' | 'import', args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [`${root}tools/src/${tool}/main.ts`, ...args], {
    cwd: root,
    env: { ...cleanEnvironment(), ...env },
    stdio: 'pipe',
  });
  // A program that ends without reading it all fails by what it does, not by this.
  child.stdin.on('error', () => undefined);
  return watch(child);
}

/** Waits until the process has written a text. */
export async function written({ child, output, exit }: Running, text: string): Promise<void> {
  const state = { ended: false };
  void exit.then(() => (state.ended = true));
  while (!output.text.includes(text)) {
    if (state.ended) throw new Error(`process ${child.pid ?? 0} ended without writing "${text}":\n${output.text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The port that a service tells its parent. */
export async function listening({ child, exit, output }: Running): Promise<number> {
  const ended = exit.then((code) => {
    throw new Error(`ended with ${code ?? 'a signal'}: ${output.text}`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ listening: number }];
  ended.catch(() => undefined);
  return message.listening;
}

function watch(child: ChildProcess): Running {
  const output: Output = { text: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output.text += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output.text += chunk));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output, exit };
}

/** Without what jest was started with, and without what would lead to another database. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '', DATABASE_URL: '' };
}
