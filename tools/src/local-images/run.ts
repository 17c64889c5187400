import { spawn, type SpawnOptions } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { cacheDir } from './config.ts';

/** A command failed; the message is its last lines and where all of them are. */
export class CommandFailed extends Error {}

const tailLines = 20;

/** Runs a command whose output goes to a file of the cache, and is shown only if it fails. */
export async function runLogged(
  log: string,
  command: string,
  args: string[],
  options: SpawnOptions = {},
): Promise<void> {
  const file = logFile(log);
  const stream = createWriteStream(file);
  await once(stream, 'open');
  const child = spawn(command, args, { ...options, stdio: ['ignore', stream, stream] });
  const code = await exitOf(child);
  stream.end();
  if (code === 0) return;
  const tail = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n');
  throw new CommandFailed(`${command} ${args[0] ?? ''} failed (${code}). The end of ${file}:\n${tail}`);
}

/** What a command prints, trimmed; undefined where it cannot be run or fails. */
export async function outputOf(command: string, ...args: string[]): Promise<string | undefined> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return (await exitOf(child)) === 0 ? output.trim() : undefined;
}

export function logFile(name: string): string {
  mkdirSync(join(cacheDir, 'log'), { recursive: true });
  return join(cacheDir, 'log', `${name}.log`);
}

async function exitOf(child: ReturnType<typeof spawn>): Promise<number | string> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return code ?? signal ?? 'unknown';
  } catch (error) {
    // There is no such command.
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
