import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Entry {
  readonly child: ChildProcess;
  /** The exit code; null after a signal. */
  readonly exit: Promise<number | null>;
  readonly output: Promise<string>;
  readonly errors: Promise<string>;
}

/** One of the service's entries as a process of its own. */
export function startEntry(
  name: 'main' | 'migrate',
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Entry {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url)), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  return { child, exit, output: text(child.stdout), errors: text(child.stderr) };
}
