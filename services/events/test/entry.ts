import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Entry {
  readonly child: ChildProcess;
  /** The exit code; null after a signal. */
  readonly exit: Promise<number | null>;
  /** All of standard output, once it has ended. */
  readonly output: Promise<string>;
  readonly errors: Promise<string>;
  /** Resolves when standard output has a line with this; rejects when it ends without one. */
  readonly line: (part: string) => Promise<void>;
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
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
  let hasEnded = false;
  const closed = once(reader, 'close').then(() => (hasEnded = true));
  return {
    child,
    exit,
    output: closed.then(() => lines.map((line) => `${line}\n`).join('')),
    errors: text(child.stderr),
    async line(part) {
      while (!lines.some((line) => line.includes(part))) {
        if (hasEnded) throw new Error(`standard output ended without a line with "${part}".`);
        await Promise.race([once(reader, 'line'), closed]);
      }
    },
  };
}
